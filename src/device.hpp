#pragma once
/// Where this program's filters solve their JKO steps: one choice, made on the command line.
///
///     const DeviceInUse device("auto", std::cerr);
///     JkoOptions options = config.filter.jko;
///     options.engine = engine_in_use();             // whoever makes a filter passes it on

#include <iosfwd>
#include <memory>
#include <string>

#include "jko/engine.hpp"

namespace jko {

/// The engine of filters that are made now: the processor's, unless something below has chosen another one.
std::shared_ptr<StepEngine> engine_in_use();

/// As long as it lives, engine_in_use() is this one; then what it was before.
class EngineInUse {
 public:
  explicit EngineInUse(std::shared_ptr<StepEngine> engine);
  ~EngineInUse();
  EngineInUse(const EngineInUse&) = delete;
  EngineInUse& operator=(const EngineInUse&) = delete;

 private:
  std::shared_ptr<StepEngine> before_;
};

/// The device that the command line names.
class DeviceInUse {
 public:
  /// `name`: cpu, cuda or auto. A device that fails later is reported on `err`, in one line. Throws DeviceError or
  /// TorchMissing, also in one line, if there is no such device.
  DeviceInUse(const std::string& name, std::ostream& err);

 private:
  EngineInUse engine_;
};

}  // namespace jko
