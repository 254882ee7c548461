#include "src/device.hpp"

#include <mutex>
#include <ostream>
#include <utility>

namespace jko {
namespace {

struct Chosen {
  std::mutex mutex;
  std::shared_ptr<StepEngine> engine = processor_engine();
};

Chosen& chosen() {
  static Chosen instance;
  return instance;
}

std::shared_ptr<StepEngine> exchange(std::shared_ptr<StepEngine> engine) {
  const std::lock_guard lock(chosen().mutex);
  return std::exchange(chosen().engine, std::move(engine));
}

std::shared_ptr<StepEngine> engine_named(const std::string& name, std::ostream& err) {
  const Device device = name == "cuda" ? Device::cuda : name == "auto" ? Device::automatic : Device::cpu;
  return device_engine(device, [&err](const std::string& trouble) {
    err << "jkofilter: " + trouble + "; the processor goes on in its place\n";
  });
}

}  // namespace

std::shared_ptr<StepEngine> engine_in_use() {
  const std::lock_guard lock(chosen().mutex);
  return chosen().engine;
}

EngineInUse::EngineInUse(std::shared_ptr<StepEngine> engine) : before_(exchange(std::move(engine))) {}
EngineInUse::~EngineInUse() { exchange(std::move(before_)); }

DeviceInUse::DeviceInUse(const std::string& name, std::ostream& err) : engine_(engine_named(name, err)) {}

}  // namespace jko
