#pragma once
/// Tells a service manager (systemd, Type=notify) how we are, by the datagram protocol of sd_notify(3).

#include <string>

namespace jko {

/// `state`: "READY=1", "RELOADING=1", "STOPPING=1", "STATUS=…". Does nothing where nobody has asked (NOTIFY_SOCKET).
void notify_service(const std::string& state);

}  // namespace jko
