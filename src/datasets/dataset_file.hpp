#pragma once
/// Data sets in files: CSV, LIBSVM's format and ARFF, each perhaps compressed by gzip (dataset_formats.hpp), and the
/// nine sets of the posterior experiment by name.
///
///     Dataset banana = read_dataset("data/banana.csv.gz");
///     Dataset ringnorm = load_dataset("data", "ringnorm", seed);   // made anew if there is no such file
///
/// A file may have two different labels. They become -1 and 1 in the order of their values if both are numbers, else in
/// that of the alphabet. Whatever a file should not say is an InputError with its line.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/datasets/dataset.hpp"

namespace jko {

/// The format is told by the file's name. At most 2^27 numbers, a GiB, counting the zeros that a sparse file leaves
/// out; the set's name is the file's up to the first point. `named`: goes before the file's own name, where that says
/// nothing (a pipe).
Dataset read_dataset(const std::string& file, const std::string& named = "");

/// The file of a set in a folder: `name` with an ending that parser_for() knows. Nothing if there is none.
std::optional<std::string> find_dataset(const std::string& folder, const std::string& name);

/// The set from its file in `folder` (empty: none), or, if there is none, generated where that is its definition
/// (generators.hpp). Throws InputError if neither is possible.
Dataset load_dataset(const std::string& folder, const std::string& name, std::uint64_t seed);

}  // namespace jko
