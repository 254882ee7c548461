#pragma once
/// The program as a process of its own, to be signalled and killed.

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/src/stream/stream_tester.hpp"
#include "tests/src/temporary_folder.hpp"

namespace jko::test {

class ProgramProcess {
 public:
  explicit ProgramProcess(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), JKO_PROGRAM);
    std::vector<char*> pointers;
    pointers.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, folder_.path("out").c_str(), O_WRONLY | O_CREAT, 0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, folder_.path("err").c_str(), O_WRONLY | O_CREAT, 0600);
    const int error = posix_spawn(&process_, JKO_PROGRAM, &actions, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::runtime_error("cannot run " JKO_PROGRAM);
  }
  ~ProgramProcess() {
    if (process_ > 0) stop(SIGKILL);
  }
  ProgramProcess(const ProgramProcess&) = delete;
  ProgramProcess& operator=(const ProgramProcess&) = delete;

  pid_t id() const { return process_; }
  void signal(int which) const { ::kill(process_, which); }
  /// The exit status; minus the signal that ended it.
  int wait() {
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  int stop(int which) {
    signal(which);
    return wait();
  }

  std::string out() const { return folder_.read("out"); }
  std::string err() const { return folder_.read("err"); }
  bool says(const std::string& text) const {
    return eventually([&] { return err().find(text) != std::string::npos; });
  }
  /// The port of a line "jkofilter: listening on tcp://127.0.0.1:40123"; 0 if it never comes.
  std::uint16_t port_of(const std::string& what) const {
    int port = 0;
    eventually([&] {
      const std::string text = err();
      const std::size_t at = text.find(what);
      const std::size_t end = text.find('\n', at);
      if (at == std::string::npos || end == std::string::npos) return false;
      port = std::stoi(text.substr(text.rfind(':', end) + 1));
      return true;
    });
    return static_cast<std::uint16_t>(port);
  }

 private:
  TemporaryFolder folder_;
  pid_t process_ = 0;
};

}  // namespace jko::test
