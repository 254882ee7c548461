#include "src/live/resume.hpp"

#include <algorithm>
#include <boost/algorithm/hex.hpp>
#include <cmath>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

#include "filter/jko_state.hpp"
#include "src/error.hpp"
#include "src/json_document.hpp"
#include "src/live/checkpoint.hpp"
#include "src/methods.hpp"

namespace jko {
namespace {

using nlohmann::json;

constexpr const char* kModelKeys[] = {"beta", "diffusion", "observation"};
/// How finely a JKO filter solves: in the section `filter`.
constexpr const char* kStepKeys[] = {"tau", "nodes"};
/// Settings that may change at any time: what is recorded says which were in force.
constexpr const char* kLiveKey = "live";

/// Of bounded depth, whatever the text is.
json parsed(const std::string& text) { return JsonDocument::parse(text, "JSON").root(); }

KeptBelief without_filter(const KeptState& state) {
  const bool good = std::isfinite(state.time) && std::isfinite(state.log_evidence) &&
                    !state.value.array().isInf().any() && state.rung >= 0 && state.rung < kRungs && state.index >= -1;
  if (!good) throw std::invalid_argument("a kept belief has the wrong form");
  KeptBelief belief;
  belief.index = state.index;
  belief.time = state.time;
  belief.value = state.value;
  belief.arrived = state.arrived;
  belief.source = state.source;
  belief.log_evidence = state.log_evidence;
  belief.rung = static_cast<Rung>(state.rung);
  return belief;
}

}  // namespace

std::string first_difference(const std::string& a, const std::string& b) {
  if (a == b) return "";
  json first = parsed(a), second = parsed(b);
  first.erase(kLiveKey);
  second.erase(kLiveKey);
  for (const auto& item : first.items()) {
    if (!second.contains(item.key()) || second[item.key()] != item.value()) return item.key();
  }
  for (const auto& item : second.items()) {
    if (!first.contains(item.key())) return item.key();
  }
  return "";
}

bool changes_model(const Config& running, const Config& next) {
  const json a = parsed(running.text), b = parsed(next.text);
  for (const char* key : kModelKeys) {
    if (a.contains(key) != b.contains(key) || (a.contains(key) && a[key] != b[key])) return true;
  }
  return false;
}

bool changes_steps(const Config& running, const Config& next) {
  return running.filter.jko.step != next.filter.jko.step || running.filter.jko.nodes != next.filter.jko.nodes;
}

void require_reloadable(const Config& running, const Config& next, bool can_change_model) {
  json a = parsed(running.text), b = parsed(next.text);
  for (json* root : {&a, &b}) {
    for (const char* key : kModelKeys) root->erase(key);
    if (!root->contains("filter")) continue;
    json& filter = (*root)["filter"];
    for (const char* key : kStepKeys) filter.erase(key);
    if (filter.empty()) root->erase("filter");
  }
  const std::string key = first_difference(a.dump(), b.dump());
  if (!key.empty()) throw InputError(next.file, 0, key, "cannot change while the filter runs");
  if (running.columns != next.columns ||
      running.model.observation->observation_dimension() != next.model.observation->observation_dimension()) {
    throw InputError(next.file, 0, "observation", "must have the same values while the filter runs");
  }
  if (!can_change_model && changes_model(running, next)) {
    throw InputError(next.file, 0, "", "only the method jko can change its model while it runs");
  }
}

KeptState kept_state(const KeptBelief& belief) {
  return {belief.index,
          belief.time,
          belief.value,
          belief.arrived,
          belief.source,
          belief.log_evidence,
          to_json(belief.moves).dump(),
          static_cast<int>(belief.rung)};
}

KeptBelief restored_first(const LiveState& state, const Config& config) {
  if (state.kept.empty() || state.sequence < 0 || state.next_index < 0) {
    throw std::invalid_argument("the beliefs have the wrong form");
  }
  KeptBelief belief = without_filter(state.kept.front());
  if (belief.index >= 0 && belief.value.size() != config.model.observation->observation_dimension()) {
    throw std::invalid_argument("the number of an observation's values");
  }
  std::unique_ptr<Filter> filter = make_filter(config, state.method, state.seed);
  auto* jko = dynamic_cast<JkoFilter*>(filter.get());
  if (!jko) throw std::invalid_argument("the method is " + state.method);
  jko->restore(state.filter);
  if (jko->time() != belief.time) throw std::invalid_argument("the time of the oldest belief");
  belief.filter = std::move(filter);
  return belief;
}

KeptBelief restored_next(const KeptBelief& before, const KeptState& state, const Config& config) {
  KeptBelief belief = without_filter(state);
  if (belief.value.size() != config.model.observation->observation_dimension()) {
    throw std::invalid_argument("the number of an observation's values");
  }
  Prediction prediction(before.filter->clone());
  prediction.repeat(moves_from(parsed(state.moves), "moves", 0));
  if (prediction.filter().time() != belief.time) throw std::invalid_argument("the time of a kept belief");
  if (!prediction.filter().update(belief.value).possible()) throw std::invalid_argument("an impossible observation");
  belief.moves = prediction.moves();
  belief.filter = prediction.release();
  return belief;
}

std::string embedded(const LiveState& state) {
  std::string digits;
  const std::string content = encode_checkpoint(state);
  boost::algorithm::hex_lower(content.begin(), content.end(), std::back_inserter(digits));
  return digits;
}

LiveState embedded_state(const RecordingHeader& header, const std::string& file) {
  std::string content;
  try {
    boost::algorithm::unhex(header.state.begin(), header.state.end(), std::back_inserter(content));
  } catch (const boost::algorithm::hex_decode_error&) {
    throw InputError(file, 1, "state", "expected hexadecimal digits");
  }
  return decode_checkpoint(content, file);
}

void require_same_run(const Config& config, const std::string& method, const RecordingHeader& header,
                      const std::string& file) {
  const std::string key = first_difference(config.text, header.config);
  if (!key.empty()) throw InputError(file, 0, key, "is not what " + config.file + " says");
  if (header.method != method) {
    throw InputError(file, 0, "", "is of the method " + header.method + ", not " + method);
  }
}

bool holds_torn_header(const std::string& file) {
  constexpr std::string_view kBegin = R"({"type":"recording")";
  std::ifstream stream(file, std::ios::binary);
  std::string begin(kBegin.size(), '\0');
  if (!stream) return false;
  stream.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  begin.resize(static_cast<std::size_t>(stream.gcount()));
  if (begin != kBegin.substr(0, begin.size())) return false;
  return std::find(std::istreambuf_iterator<char>(stream), {}, '\n') == std::istreambuf_iterator<char>();
}

}  // namespace jko
