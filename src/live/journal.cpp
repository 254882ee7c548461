#include "src/live/journal.hpp"

#include <stdexcept>

#include "src/live/checkpoint.hpp"

namespace jko {

Journal::Journal(const LiveOptions& options)
    : checkpoint_(options.checkpoint),
      every_(options.checkpoint_every),
      clock_(options.clock),
      last_checkpoint_(clock_()) {}

void Journal::record_to(const std::string& file, std::unique_ptr<RecordingWriter> recording) {
  recording_ = std::move(recording);
  file_ = file;
}

void Journal::begin_recording(const std::string& file, const RecordingHeader& header) {
  if (recording_) throw std::logic_error("this run is recorded already, to " + file_);
  record_to(file, std::make_unique<RecordingWriter>(file, header));
  midway_ = true;
}

void Journal::end_recording() {
  if (!recording_ || !midway_) throw std::logic_error("there is no recording that was begun while it runs");
  const std::string problem = recording_->flush();
  record_to("", nullptr);
  midway_ = false;
  if (!problem.empty()) throw std::runtime_error(problem);
}

void Journal::record(const nlohmann::ordered_json& line) {
  if (!recording_) return;
  std::string problem = recording_->write(line);
  if (!problem.empty()) fail(std::move(problem));
}

bool Journal::checkpoint_due(double times) const {
  return !checkpoint_.empty() && every_ > 0.0 && clock_() >= last_checkpoint_ + times * every_;
}

void Journal::write_checkpoint(const MakeState& state) {
  const std::string problem = recording_ ? recording_->flush() : "";
  if (!problem.empty()) throw std::runtime_error(problem);
  if (checkpoint_.empty()) return;
  last_checkpoint_ = clock_();
  write_checkpoint_file(checkpoint_, state());
  ++checkpoints_;
}

void Journal::try_checkpoint(const MakeState& state) {
  try {
    write_checkpoint(state);
  } catch (const std::runtime_error& error) {
    fail(error.what());
  }
}

void Journal::fail(std::string warning) {
  ++failures_;
  warn(std::move(warning));
}

}  // namespace jko
