#pragma once
/// The settings of a study that a window offers, and a study with one of them changed. All checks are those of the
/// config reader: a field is a key of the config, edited in its text.
///
///     std::vector<Field> fields = fields_of(config, {"jko", "", 0}, RunKind::replay);
///     Choice changed = with_field(config, choice, "beta", "2.5");      // throws std::invalid_argument: what to say
///
/// To add one: an entry in fields_of(); if its key is not one of the config, also a case in with_field().

#include <map>
#include <string>
#include <vector>

#include "src/config.hpp"
#include "src/view/snapshot.hpp"

namespace jko {

/// A config, and what the command line says beside it.
struct Choice {
  Config config;
  std::string method;
  std::string compared;  ///< empty: none
  std::uint64_t seed = 0;
};

std::vector<Field> fields_of(const Choice& choice, RunKind kind);

/// What a run's status says of its study: all but what the run is doing. `errors`: complaints by the field's key.
RunStatus status_of(const Choice& choice, RunKind kind, const std::map<std::string, std::string>& errors);

/// Throws std::invalid_argument with the complaint alone: no file, no key.
Choice with_field(const Choice& choice, const std::string& key, const std::string& text);

/// The config's text with what differs from it in the choice (method), laid out for people.
std::string config_text(const Choice& choice);

}  // namespace jko
