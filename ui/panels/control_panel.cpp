/// Play, step, speed; the settings of the run; its files. What can be set is what the run offers (Snapshot::status).

#include <imgui.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "ui/colours.hpp"
#include "ui/landmarks.hpp"
#include "ui/panels/panel.hpp"
#include "ui/text_field.hpp"

namespace jko::ui {
namespace {

class ControlPanel final : public Panel {
 public:
  void draw(PanelContext& context) override {
    const RunStatus& status = context.snapshot.status;
    if (status.name != name_) {  // another study
      name_ = status.name;
      texts_.clear();
      config_.set(status.config_file);
      data_.set(status.data_file);
      save_.set(status.output.empty() ? name_ + ".json" : status.output + "/config.json");
      record_.set((status.output.empty() ? std::string("out") : status.output) + "/recording.jsonl");
    }
    draw_run(context);
    draw_speed(context);
    ImGui::Separator();
    draw_about(status);
    ImGui::Separator();
    for (const Field& field : status.fields) draw_field(context, field);
    ImGui::Separator();
    draw_files(context);
  }

 private:
  static bool button(const char* label, const char* name, bool enabled, float width) {
    ImGui::BeginDisabled(!enabled);
    const bool pressed = ImGui::Button(label, {width, 0});
    ImGui::EndDisabled();
    mark(name);
    return pressed;
  }

  void draw_run(PanelContext& context) {
    const RunStatus& status = context.snapshot.status;
    const float gap = ImGui::GetStyle().ItemSpacing.x;
    const float third = (ImGui::GetContentRegionAvail().x - 2.0f * gap) / 3.0f;
    const bool explore = status.kind == RunKind::explore;
    const bool goes = explore ? context.snapshot.explore && context.snapshot.explore->playing : !status.paused;
    const bool can = status.can_pause && !status.ended;
    if (status.can_pause) {
      if (button(goes && !status.ended ? "Pause" : "Play", "control/play", can, third)) {
        if (goes) {
          context.port.send(Pause{});
        } else {
          context.port.send(Play{});
        }
      }
      ImGui::SameLine();
      if (button("Step", "control/step", can, third)) context.port.send(StepOnce{});
      ImGui::SameLine();
      if (button("Reset", "control/reset", true, third)) context.port.send(Reset{});
    } else {
      ImGui::TextWrapped("%s", status.ended ? "The stream has ended." : "A live stream: it goes on whatever is shown.");
    }
    const char* state = status.busy ? "filtering again" : status.ended ? "at the end" : status.paused ? "paused" : "";
    if (status.progress >= 0.0) {
      const std::string text = fmt::format("{} {:.0f} %", state, 100.0 * status.progress);
      ImGui::ProgressBar(static_cast<float>(status.progress), {-1.0f, 0.0f}, text.c_str());
    }
  }

  void draw_speed(PanelContext& context) {
    const RunStatus& status = context.snapshot.status;
    if (!status.can_pause) return;
    // Units of the model's time a second, by their logarithm; the right end is without a limit.
    const bool limited = std::isfinite(status.speed);
    if (!ImGui::IsMouseDown(ImGuiMouseButton_Left)) {
      speed_ = limited ? static_cast<float>(std::log10(status.speed)) : kFastest;
    }
    const std::string text = speed_ >= kFastest
                                 ? "as fast as it goes"
                                 : fmt::format("{:.3g} {} a second", std::pow(10.0, speed_),
                                               status.kind == RunKind::explore ? "units of time" : status.time_unit);
    ImGui::SetNextItemWidth(-1.0f);
    if (ImGui::SliderFloat("##speed", &speed_, -3.0f, kFastest, text.c_str(), ImGuiSliderFlags_NoInput)) {
      context.port.send(SetSpeed{speed_ >= kFastest ? kInfinity : std::pow(10.0, static_cast<double>(speed_))});
    }
    mark("control/speed");
  }

  static void draw_about(const RunStatus& status) {
    ImGui::TextUnformatted(status.name.c_str());
    ImGui::PushStyleColor(ImGuiCol_Text, colours().faint_text);
    if (!status.model.empty()) ImGui::TextWrapped("%s", status.model.c_str());
    if (!status.source.empty()) ImGui::TextWrapped("%s", status.source.c_str());
    ImGui::PopStyleColor();
  }

  void draw_field(PanelContext& context, const Field& field) {
    const std::string id = "##" + field.key, name = "control/" + field.key;
    const float label = 0.38f * ImGui::GetContentRegionAvail().x;
    ImGui::AlignTextToFramePadding();
    ImGui::TextUnformatted(field.label.c_str());
    if (!field.help.empty() && ImGui::IsItemHovered()) ImGui::SetTooltip("%s", field.help.c_str());
    ImGui::SameLine(label);
    ImGui::SetNextItemWidth(-1.0f);
    ImGui::BeginDisabled(!field.fixed.empty());
    if (field.choices.empty()) {
      const auto [text, is_new] = texts_.try_emplace(field.key);
      const auto shown = shown_.find(field.key);
      // A value that was refused stays to be mended; one that was taken is shown as the run has it.
      if (is_new || (field.error.empty() && (shown == shown_.end() || shown->second != field.value))) {
        text->second.show(field.value);
        shown_[field.key] = field.value;
      }
      const bool typed = field.key == "formula";
      const bool sent = typed ? text->second.draw_as_typed(id.c_str()) : text->second.draw(id.c_str());
      mark(name);
      if (sent && (typed || text->second.text() != field.value)) {
        context.port.send(SetField{field.key, text->second.text()});
        shown_[field.key] = field.value;  // until the run has another
      }
    } else {
      const bool open = ImGui::BeginCombo(id.c_str(), field.value.c_str());
      mark(name);
      if (open) {
        for (const std::string& choice : field.choices) {
          if (ImGui::Selectable(choice.c_str(), choice == field.value) && choice != field.value) {
            context.port.send(SetField{field.key, choice});
          }
          mark(fmt::format("{}/{}", name, choice));
        }
        ImGui::EndCombo();
      }
    }
    ImGui::EndDisabled();
    if (!field.fixed.empty() && ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled)) {
      ImGui::SetTooltip("%s", field.fixed.c_str());
    }
    if (!field.error.empty()) {
      ImGui::PushStyleColor(ImGuiCol_Text, colours().error);
      ImGui::TextWrapped("%s", field.error.c_str());
      ImGui::PopStyleColor();
      mark(name + "/error");
    }
  }

  void draw_files(PanelContext& context) {
    const RunStatus& status = context.snapshot.status;
    const auto line = [&](const char* label, const char* name, TextField& field) {
      ImGui::TextDisabled("%s", label);
      ImGui::SetNextItemWidth(-1.0f);
      field.draw((std::string("##") + name).c_str());
      mark(std::string("control/") + name);
    };
    const float half = 0.5f * (ImGui::GetContentRegionAvail().x - ImGui::GetStyle().ItemSpacing.x);
    if (status.kind != RunKind::live && ImGui::CollapsingHeader("Open")) {
      line("config", "open_config", config_);
      if (status.kind == RunKind::replay) line("recording", "open_data", data_);
      if (button("Open", "control/open", true, half)) {
        context.port.send(OpenStudy{config_.text(), status.kind == RunKind::replay ? data_.text() : ""});
      }
    }
    mark("control/open_header");
    if (ImGui::CollapsingHeader("Save the config")) {
      line("file", "save_file", save_);
      if (button("Save", "control/save", !save_.text().empty(), half)) context.port.send(SaveConfig{save_.text()});
    }
    mark("control/save_header");
    if (status.kind == RunKind::live && ImGui::CollapsingHeader("Record")) {
      line("file", "record_file", record_);
      if (status.recording) {
        if (button("Stop recording", "control/record", true, half)) context.port.send(Record{""});
      } else if (button("Record", "control/record", !record_.text().empty(), half)) {
        context.port.send(Record{record_.text()});
      }
    }
  }

  static constexpr float kFastest = 4.0f;

  std::string name_;
  float speed_ = 0.0f;
  std::map<std::string, TextField> texts_;
  std::map<std::string, std::string> shown_;  ///< values of the run that the texts show
  TextField config_, data_, save_, record_;
};

}  // namespace

std::unique_ptr<Panel> make_control_panel() { return std::make_unique<ControlPanel>(); }

}  // namespace jko::ui
