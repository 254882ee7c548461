#pragma once
/// Files that are whole or refused: a line that says what it is, of which form, how long and with which CRC-32, and the
/// bytes that follow it.
///
///     jkofilter checkpoint 1 3803 5b1c02d7
///
///     constexpr SealedKind kCheckpoint{"checkpoint", 1};
///     write_atomically(file, sealed(kCheckpoint, bytes));                         // atomic_file.hpp
///     bytes = unsealed(kCheckpoint, read_sealed_file(kCheckpoint, file), file);   // throws InputError

#include <string>
#include <string_view>

namespace jko {

struct SealedKind {
  const char* name;  ///< a word, for the line and for people
  int form;          ///< counts up with changes that older readers could not follow
};

/// The content of a file around `payload`.
std::string sealed(const SealedKind& kind, std::string_view payload);

/// What sealed() was given: a part of `content`. Throws InputError, in which the file is called `name`, if it is of
/// another kind or form, or if a byte is missing, too many or not the one that was written.
std::string_view unsealed(const SealedKind& kind, std::string_view content, const std::string& name);

/// A file's content, of at most 1 GiB. Throws InputError if it cannot be read.
std::string read_sealed_file(const SealedKind& kind, const std::string& file);

}  // namespace jko
