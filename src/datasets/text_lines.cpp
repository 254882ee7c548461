#include "src/datasets/text_lines.hpp"

#include <spdlog/fmt/fmt.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "src/error.hpp"

namespace jko {

void TextLines::Close::operator()(gzFile_s* stream) const { gzclose(stream); }

TextLines::TextLines(std::string file) : file_(std::move(file)) {
  if (std::filesystem::is_directory(file_)) throw InputError(file_, 0, "", "is a directory, expected a data set");
  stream_.reset(gzopen(file_.c_str(), "rb"));  // which reads plain files too
  if (!stream_) throw InputError(file_, 0, "", std::string("cannot be read: ") + std::strerror(errno));
  gzbuffer(stream_.get(), 1 << 18);
}

/// Whether there was one. The last one need not end in a newline.
bool TextLines::read_line() {
  line_.clear();
  ++number_;
  int c = 0;
  while ((c = gzgetc(stream_.get())) != -1 && c != '\n') {
    if (line_.size() >= kLongest) throw InputError(file_, number_, "", "the line is longer than 1 MiB");
    line_ += static_cast<char>(c);
  }
  if (c == -1) {
    int code = Z_OK;
    const char* what = gzerror(stream_.get(), &code);
    if (code == Z_BUF_ERROR) throw InputError(file_, number_, "", "the compressed file is cut off here");
    if (code == Z_ERRNO) throw InputError(file_, number_, "", "cannot be read any further");
    if (code != Z_OK && code != Z_STREAM_END) {
      throw InputError(file_, number_, "", fmt::format("the compressed file is damaged here: {}", what));
    }
  }
  return c != -1 || !line_.empty();
}

std::optional<std::string_view> TextLines::next() {
  while (read_line()) {
    std::string_view text = line_;
    if (number_ == 1 && text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);  // byte order mark
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    if (text.find_first_not_of(" \t") != std::string_view::npos) return text;
  }
  return std::nullopt;
}

}  // namespace jko
