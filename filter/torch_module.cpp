#include "filter/torch_module.hpp"

#ifdef JKO_TORCH
#include <dlfcn.h>
#include <unistd.h>
#endif

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#include "jko/version.hpp"

namespace jko {
namespace {

std::atomic<const TorchModule*> module_in_use{nullptr};

#ifdef JKO_TORCH

using Entry = const TorchModule* (*)(const char* version);

[[noreturn]] void fail(const std::string& why) {
  throw TorchMissing("formulas and devices need LibTorch, which could not be loaded: " + why);
}

/// What the dynamic linker said last, on one line.
std::string linker_error() {
  const char* said = dlerror();
  std::string line = said ? said : "no reason given";
  for (char& c : line) {
    if (c == '\n') c = ' ';
  }
  return line;
}

/// The file in the folders in which the dynamic linker searches for libraries of the program, or of the library, that
/// this is linked into; its name alone where none has it. dlopen() would search them by itself, if the address
/// sanitizer did not call it in our place.
std::string found_by_linker(const std::string& name) {
  Dl_info info;
  void* self = nullptr;
  Dl_serinfo size;
  const auto here = reinterpret_cast<void*>(&found_by_linker);
  if (dladdr1(here, &info, &self, RTLD_DL_LINKMAP) == 0 || dlinfo(self, RTLD_DI_SERINFOSIZE, &size) != 0) return name;
  std::vector<std::max_align_t> room(size.dls_size / sizeof(std::max_align_t) + 1);
  auto* const folders = new (room.data()) Dl_serinfo(size);
  if (dlinfo(self, RTLD_DI_SERINFO, folders) != 0) return name;
  const Dl_serpath* const first = folders->dls_serpath;
  for (const Dl_serpath* folder = first; folder != first + folders->dls_cnt; ++folder) {
    std::string file = std::string(folder->dls_name) + "/" + name;
    if (access(file.c_str(), R_OK) == 0) return file;
  }
  return name;
}

const TorchModule* load() {
  const char* chosen = std::getenv("JKO_TORCH_MODULE");
  const std::string file = chosen && *chosen ? chosen : found_by_linker("libjko_torch.so");
  // Never closed: LibTorch does not survive that. Its symbols stay its own.
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) fail(linker_error());
  const auto entry = reinterpret_cast<Entry>(dlsym(handle, kTorchModuleEntry));
  if (!entry) fail(file + " is not a module of this library");
  const TorchModule* module = entry(JKO_VERSION);
  if (!module) fail(file + " belongs to another version than " JKO_VERSION);
  return module;
}

#else

const TorchModule* load() {
  throw TorchMissing("formulas and devices need LibTorch, and this build is without (JKO_TORCH=OFF)");
}

#endif

}  // namespace

const TorchModule& torch_module() {
  if (const TorchModule* module = module_in_use) return *module;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (!module_in_use) module_in_use = load();
  return *module_in_use;
}

void use_torch_module(const TorchModule& module) { module_in_use = &module; }

}  // namespace jko
