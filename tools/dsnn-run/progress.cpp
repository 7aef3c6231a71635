#include "progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "dsnn/log.h"
#include "dsnn/text.h"
#include "log/log.h"

namespace dsnn::cli {
namespace {

constexpr double kStatusEverySeconds = 30;   // a line in a log
constexpr double kRedrawEverySeconds = 0.2;  // the live line

bool is_live_terminal() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && term != nullptr && std::strcmp(term, "dumb") != 0;
}

size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string where(const TrialRequest& request, const config::ExperimentSpec& spec) {
  std::string out;
  if (request.origin == Origin::default_) out = spec.is_search() ? "default" : "";
  if (!spec.fidelity) return out;
  for (size_t i = 0; i < request.budget.value.size() && i < spec.fidelity->names.size(); ++i) {
    out += (out.empty() ? "" : ", ") + spec.fidelity->names[i] + " " + short_number(request.budget.value[i]);
  }
  if (request.parent) out += ", after trial " + std::to_string(*request.parent);
  return out;
}

std::string values(const store::TrialRecord& record, const config::ExperimentSpec& spec) {
  std::string out;
  for (size_t i = 0; i < record.objectives.size() && i < spec.objectives.size(); ++i) {
    out += "  " + spec.objectives[i].name + " " + short_number(record.objectives[i].value);
  }
  return out;
}

}  // namespace

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 60) return (seconds < 10 ? short_number(std::round(seconds * 10) / 10) : std::to_string(whole)) + " s";
  if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole / 60 % 60) + " min";
}

Progress::Progress(const config::ExperimentSpec& spec, bool quiet)
    : spec_(spec),
      live_(!quiet && is_live_terminal()),
      quiet_(quiet),
      last_status_(std::chrono::steady_clock::now()),
      rule_(study::front_rule(spec)) {
  if (live_) logging::set_console_hooks([this] { erase(); }, [this] { draw(); });
}

Progress::~Progress() {
  if (!live_) return;
  erase();
  logging::set_console_hooks({}, {});
}

void Progress::erase() {
  if (drawn_) std::fputs("\r\x1b[2K", stderr);
  drawn_ = false;
}

void Progress::draw() {
  if (line_.empty()) return;
  std::fputs(line_.c_str(), stderr);
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::resumed(int64_t finished, int64_t unfinished) {
  log(LogLevel::info, "resuming " + spec_.folder().string() + ": " + std::to_string(finished) + " trials finished, " +
                          std::to_string(unfinished) + " to go on with");
}

void Progress::started(const TrialRequest& request, int attempt) {
  const std::string again = attempt > 1 ? ", attempt " + std::to_string(attempt) : "";
  const std::string place = where(request, spec_);
  log(LogLevel::debug,
      "trial " + std::to_string(request.number) + " started" + (place.empty() ? "" : " (" + place + ")") + again);
}

void Progress::finished(const store::TrialRecord& record) {
  const bool good = record.state == TrialState::complete || record.state == TrialState::infeasible;
  const std::string place = where(record.request, spec_);
  std::string text = "trial " + std::to_string(record.request.number) + " " + to_string(record.state) +
                     (place.empty() ? "" : " (" + place + ")") + values(record, spec_) + "  " +
                     duration_text(record.seconds);
  // What a good trial of a search has to say is for `show` and the report: it would drown the others here.
  const bool notes_only = record.state == TrialState::complete && spec_.is_search();
  if (!record.message.empty() && !notes_only) text += ": " + record.message;
  log(!good ? LogLevel::warning : live_ ? LogLevel::debug : LogLevel::info, text);
}

void Progress::warning(std::string_view text) { log(LogLevel::warning, text); }

std::string Progress::line_of(const study::LoopStatus& status, const std::vector<store::TrialRecord>& records) const {
  std::string out = spec_.folder().string() + "  " + std::to_string(status.finished);
  if (spec_.limits.trials && spec_.is_search()) out += " of " + std::to_string(*spec_.limits.trials);
  out += " trials, " + std::to_string(status.running) + " running";
  if (status.failed > 0) out += ", " + std::to_string(status.failed) + " failed";
  if (status.refused > 0) out += ", " + std::to_string(status.refused) + " refused before training";
  if (spec_.is_search() && !spec_.objectives.empty()) {
    out += status.front.empty() ? " | no front yet" : " | front of " + std::to_string(status.front.size());
    out += rule_.of();
    // From a reference that moves with the worst trial the number could fall while the front grows.
    if (spec_.objectives.size() > 1 && !status.front.empty() && rule_.has_references())
      out += ", hypervolume " + short_number(hypervolume_);
  }
  if (!spec_.is_search() && !records.empty()) out += values(records.front(), spec_);
  if (status.energy_kwh > 0) out += " | " + short_number(status.energy_kwh * 1000) + " Wh";
  out += " | " + duration_text(status.session_seconds);
  if (spec_.limits.trials && status.session_finished > 1 && spec_.is_search()) {
    const auto left = static_cast<double>(*spec_.limits.trials - status.finished);
    out += ", about " + duration_text(left * status.session_seconds / static_cast<double>(status.session_finished)) +
           " left";
  }
  return out;
}

void Progress::status(const study::LoopStatus& status, const std::vector<store::TrialRecord>& records) {
  if (quiet_) return;
  const auto now = std::chrono::steady_clock::now();
  const bool due =
      std::chrono::duration<double>(now - last_status_).count() >= (live_ ? kRedrawEverySeconds : kStatusEverySeconds);
  if (!due && (!live_ || status.finished == last_finished_)) return;
  if (status.finished != last_finished_ && spec_.objectives.size() > 1) {
    hypervolume_ = study::hypervolume(records, rule_);
  }
  last_finished_ = status.finished;
  const std::string line = line_of(status, records);
  last_status_ = now;
  if (!live_) return log(LogLevel::info, line);
  erase();
  line_ = clipped(printable(line), terminal_width() - 1);
  draw();
}

}  // namespace dsnn::cli
