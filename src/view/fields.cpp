#include "src/view/fields.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "src/error.hpp"
#include "src/methods.hpp"
#include "src/timestamp.hpp"

namespace jko {
namespace {

using Json = nlohmann::json;

const char* const kNone = "none";
const char* const kAutomatic = "automatic";

/// "/filter/tau" of "filter.tau".
Json::json_pointer pointer_to(const std::string& key) {
  std::string path = "/" + key;
  std::replace(path.begin(), path.end(), '.', '/');
  return Json::json_pointer(path);
}

Json root_of(const Config& config) { return Json::parse(config.text); }

/// A number as it would be written by hand.
std::string number_text(const Json& value) {
  if (value.is_number_integer()) return std::to_string(value.get<std::int64_t>());
  return value.is_number() ? fmt::format("{:.10g}", value.get<double>()) : value.dump();
}

/// Where the noise of the observation is, if it is a single number.
struct NoiseKey {
  std::string key, label;
};
NoiseKey noise_key(const Json& root) {
  const Json& observation = root.at("observation");
  const std::string type = observation.value("type", "");
  if (type == "linear") return {"observation.R", "noise R"};
  if (type != "nonlinear" || !observation.contains("noise")) return {"", ""};
  const bool gaussian = observation["noise"].value("type", "gaussian") == "gaussian";
  return gaussian ? NoiseKey{"observation.noise.standard_deviation", "noise sd"}
                  : NoiseKey{"observation.noise.scale", "noise scale"};
}

Field field_at(const Json& root, const std::string& key, std::string label, const std::string& otherwise,
               std::string help) {
  Field field;
  field.key = key;
  field.label = std::move(label);
  const auto pointer = pointer_to(key);
  field.value = root.contains(pointer) ? number_text(root.at(pointer)) : otherwise;
  field.help = std::move(help);
  return field;
}

/// A complaint of the config reader without where it was: the field says that.
std::string complaint(const std::string& text, const std::string& key) {
  for (const std::string& mark : {key + ": ", std::string(": ")}) {
    const std::size_t place = text.find(mark);
    if (place != std::string::npos) return text.substr(place + mark.size());
  }
  return text;
}

/// Why the choice cannot be run; throws std::invalid_argument.
void require_filters(const Choice& choice) {
  for (const std::string& method : {choice.method, choice.compared}) {
    if (method.empty()) continue;
    const MadeFilter made = try_make_filter(choice.config, method, choice.seed);
    if (!made.filter) throw std::invalid_argument(made.refusal);
  }
}

}  // namespace

std::vector<Field> fields_of(const Choice& choice, RunKind kind) {
  const Json root = root_of(choice.config);
  const bool live = kind == RunKind::live;
  const bool jko = choice.method == "jko";
  std::vector<Field> fields;
  const auto add = [&](Field field, const std::string& fixed = "") {
    field.fixed = fixed;
    fields.push_back(std::move(field));
  };
  const std::string only_jko = "only the method jko can change it while a live stream runs";
  const std::string model_fixed = live && !jko ? only_jko : "";
  if (root.contains("diffusion")) {
    add(field_at(root, "diffusion", "diffusion σ", "", "of dX = -∇Φ dt + σ dW; β = 2/σ²"), model_fixed);
  } else {
    add(field_at(root, "beta", "β", "", "inverse temperature of the hidden diffusion"), model_fixed);
  }
  const NoiseKey noise = noise_key(root);
  if (noise.key.empty()) {
    Field field;
    field.key = "observation";
    field.label = "noise";
    field.value = root.at("observation").value("type", "");
    add(field, "this likelihood has no noise of its own to set");
  } else {
    add(field_at(root, noise.key, noise.label, "", "of the observations"), model_fixed);
  }
  const std::string only_steps = jko ? "" : "of the method jko only";
  add(field_at(root, "filter.tau", "τ", kAutomatic, "length of a JKO step, or automatic"), only_steps);
  add(field_at(root, "filter.nodes", "nodes", kAutomatic, "that carry the law, or automatic"), only_steps);
  if (live) {
    add(field_at(root, "live.budget_ms", "budget, ms", kAutomatic, "time for an observation; automatic: the spacing"));
    add(field_at(root, "live.gate", "gate, nats", kNone, "holds back observations so much less likely than expected"));
  }
  const std::string from_start = live ? "chosen when a live run starts" : "";
  Field method;
  method.key = "method";
  method.label = "method";
  method.value = choice.method;
  method.choices = method_names();
  add(method, from_start);
  if (!live) {
    Field compared = method;
    compared.key = "compare";
    compared.label = "compare";
    compared.value = choice.compared.empty() ? kNone : choice.compared;
    compared.choices.insert(compared.choices.begin(), kNone);
    add(compared);
  }
  Field seed;
  seed.key = "seed";
  seed.label = "seed";
  seed.value = std::to_string(choice.seed);
  seed.help = "of the random numbers";
  add(seed, from_start);
  return fields;
}

RunStatus status_of(const Choice& choice, RunKind kind, const std::map<std::string, std::string>& errors) {
  RunStatus status;
  status.kind = kind;
  status.name = choice.config.name;
  status.method = choice.method;
  status.compared = choice.compared;
  status.time_unit = choice.config.time.name;
  status.model =
      fmt::format("Φ = {},  {}", choice.config.model.potential->formula(), choice.config.model.observation->formula());
  status.config_file = choice.config.file;
  status.fields = fields_of(choice, kind);
  for (Field& field : status.fields) {
    const auto error = errors.find(field.key);
    if (error != errors.end()) field.error = error->second;
  }
  return status;
}

Choice with_field(const Choice& choice, const std::string& key, const std::string& text) {
  Choice changed = choice;
  if (key == "seed") {
    const auto number = parse_number(text);
    if (!number || *number < 0.0 || *number > 9e15 || *number != std::floor(*number)) {
      throw std::invalid_argument(fmt::format("expected a whole number from 0 on, found '{}'", text));
    }
    changed.seed = static_cast<std::uint64_t>(*number);
  } else if (key == "method" || key == "compare") {
    const std::vector<std::string>& names = method_names();
    const bool none = key == "compare" && (text == kNone || text.empty());
    if (!none && std::find(names.begin(), names.end(), text) == names.end()) {
      throw std::invalid_argument(fmt::format("unknown method '{}'", text));
    }
    (key == "method" ? changed.method : changed.compared) = none ? "" : text;
  } else {
    Json root = root_of(choice.config);
    const auto pointer = pointer_to(key);
    if (text == kAutomatic || text == kNone || text.empty()) {
      if (root.contains(pointer)) root.at(pointer.parent_pointer()).erase(pointer.back());
    } else if (const auto number = parse_number(text)) {
      if (*number == std::floor(*number) && std::abs(*number) < 9e15) {
        root[pointer] = static_cast<std::int64_t>(*number);
      } else {
        root[pointer] = *number;
      }
    } else {
      // A matrix, or several numbers; anything else is for the config reader to complain of.
      const Json value = Json::parse(text, nullptr, false);
      root[pointer] = value.is_array() ? value : Json(text);
    }
    try {
      changed.config = parse_config(root.dump(), choice.config.file);
    } catch (const InputError& error) {
      throw std::invalid_argument(complaint(error.what(), key));
    }
  }
  require_filters(changed);
  return changed;
}

std::string config_text(const Choice& choice) {
  Json root = root_of(choice.config);
  if (choice.method != root.value("/filter/method"_json_pointer, std::string("jko"))) {
    root["filter"]["method"] = choice.method;
  }
  return root.dump(2) + "\n";
}

}  // namespace jko
