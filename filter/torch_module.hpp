#pragma once
/// What only LibTorch can do here: compile the formulas that a user writes, and solve JKO steps on a GPU.
///
/// LibTorch is two hundred shared libraries, which take most of a second to load. It is therefore linked to a module of
/// its own, libjko_torch.so, which torch_module() loads when it is first asked for. Who uses neither formulas nor
/// devices needs no LibTorch at all.
///
///     const TorchModule& torch = torch_module();               // throws TorchMissing, in one line
///     std::unique_ptr<const FormulaProgram> program = torch.compile(script, {0}, {});
///
/// The module is searched for as the dynamic linker searches libraries, in the RUNPATH of the program first, unless the
/// environment variable JKO_TORCH_MODULE names its file.

#include <memory>
#include <vector>

#include "jko/engine.hpp"
#include "jko/types.hpp"

namespace jko {

struct FormulaScript;
struct TensorEngineOptions;

/// A compiled formula.
class FormulaProgram {
 public:
  virtual ~FormulaProgram() = default;

  /// The formula at each row of `x` (N, D), with `scalars`, one number a call, into `value` (N). `gradient` (N, D),
  /// whose columns are `stride` apart, may be null. May be called from several threads at once.
  virtual void run(const PointsView& x, const Vector& scalars, double* value, double* gradient, Index stride) const = 0;
};

class TorchModule {
 public:
  virtual ~TorchModule() = default;

  /// `columns` and `scalars`: which coordinates of x, and which scalars, are the script's variables, in that order.
  /// Throws std::invalid_argument with the compiler's own message, in one line, if it refuses the script.
  virtual std::unique_ptr<const FormulaProgram> compile(const FormulaScript& script, Index dimension,
                                                        std::vector<Index> columns,
                                                        std::vector<Index> scalars) const = 0;

  /// As tensor_engine() in device/device_engine.hpp.
  virtual std::shared_ptr<StepEngine> tensor_engine(const TensorEngineOptions& options) const = 0;

  /// Whether this LibTorch can use CUDA at all, and whether there is a device for it.
  virtual bool cuda_built() const = 0;
  virtual bool cuda_available() const = 0;
};

/// The module, loaded when first asked for. Throws TorchMissing.
const TorchModule& torch_module();

/// For programs that are linked to LibTorch themselves: nothing is loaded, and torch_module() is this one.
void use_torch_module(const TorchModule& module);

/// What a module's file must have: `const jko::TorchModule* jko_torch_module(const char* version)`, which gives null to
/// a library of another version.
inline constexpr const char* kTorchModuleEntry = "jko_torch_module";

}  // namespace jko
