#pragma once
/// The device that the command line names.

#include <iosfwd>
#include <string>

namespace jko {

/// As long as it lives, JKO steps are solved for on a device (filter/device/device_engine.hpp).
class DeviceInUse {
 public:
  /// `name`: cpu, cuda or auto. A device that fails later is reported on `err`, in one line. Throws DeviceError, also
  /// in one line, if there is no such device.
  DeviceInUse(const std::string& name, std::ostream& err);
  ~DeviceInUse();
  DeviceInUse(const DeviceInUse&) = delete;
  DeviceInUse& operator=(const DeviceInUse&) = delete;
};

}  // namespace jko
