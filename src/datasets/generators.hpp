#pragma once
/// Data sets that are made, not measured: three whose definition is a law (Breiman 1996, "Bias, variance, and arcing
/// classifiers", appendix; waveform: Breiman, Friedman, Olshen and Stone 1984, section 2.6.2), and one of the size of a
/// measured one.
///
/// | set      | rows    | features | class 1                       | class -1            |
/// |----------|---------|----------|-------------------------------|---------------------|
/// | twonorm  | 7,400   | 20       | N(a·1, I)                     | N(-a·1, I)          |
/// | ringnorm | 7,400   | 20       | N(0, 4 I)                     | N(a·1, I)           |
/// | waveform | 5,000   | 21       | the second of three           | the first and third |
/// | covtype  | 581,012 | 54       | a stand-in for speed, see below                     ||
///
/// with a = 2/sqrt(20), and classes (of waveform: all three) equally likely. The Bayes error of twonorm is
/// Normal(-2) = 2.28 %.
///
/// waveform: at i = 1 … 21, u g(i) + (1 - u) h(i) + N(0, 1) with u uniform on (0, 1) for each row, g and h two of the
/// triangles max(6 - |i - c|, 0), c = 7, 15, 11: c = 7 and 15 for the first class, 7 and 11 for the second, 15 and 11
/// for the third. Each feature is standardised, and the second class set against the others, as in Rätsch's benchmark,
/// where a third of the labels is 1 and x8 has the largest mean of that class.
///
/// The stand-in for covtype has ten N(0, 1) features and one 1 in each of two groups of 4 and 40, and labels from a
/// logistic model that gets three quarters right: how long methods take on it is how long they take on covtype, and
/// nothing else of it is.

#include <cstdint>
#include <optional>
#include <string>

#include "src/datasets/dataset.hpp"

namespace jko {

/// Whether `name` is one of these.
bool can_generate(const std::string& name);

/// A function of (name, seed); nothing if the name is none of these.
std::optional<Dataset> generate_dataset(const std::string& name, std::uint64_t seed);

Dataset make_twonorm(Index rows, std::uint64_t seed);
Dataset make_ringnorm(Index rows, std::uint64_t seed);
Dataset make_waveform(Index rows, std::uint64_t seed);
Dataset make_covtype_stand_in(Index rows, std::uint64_t seed);

}  // namespace jko
