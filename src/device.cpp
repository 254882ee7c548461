#include "src/device.hpp"

#include <ostream>

#include "filter/device/device_engine.hpp"

namespace jko {

DeviceInUse::DeviceInUse(const std::string& name, std::ostream& err) {
  const Device device = name == "cuda" ? Device::cuda : name == "auto" ? Device::automatic : Device::cpu;
  set_default_engine(device_engine(device, [&err](const std::string& trouble) {
    err << "jkofilter: " + trouble + "; the processor goes on in its place\n";
  }));
}

DeviceInUse::~DeviceInUse() { set_default_engine(processor_engine()); }

}  // namespace jko
