#include "execution/check.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "dsnn/checked_json.h"
#include "dsnn/log.h"
#include "execution/messages.h"
#include "execution/worker_process.h"

namespace dsnn::execution {
namespace {

using Clock = std::chrono::steady_clock;

/// One worker that is asked about one spec after the other; it has nothing to save and may be killed at any time.
class Checker {
 public:
  Checker(const std::vector<std::filesystem::path>& plugin_dirs, StopSignals* stop) : stop_(stop) {
    for (const auto& folder : plugin_dirs) folders_.push_back(Value(folder.string()));
  }

  Findings check(const config::ExperimentSpec& spec) {
    if (!worker_) worker_ = std::make_unique<WorkerProcess>(WorkerProcess::Options());
    worker_->channel().post(message("check", {{"spec", spec.to_json()}, {"plugin_dirs", folders_}}));
    const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                             std::chrono::duration<double>(spec.limits.trial_stall_seconds));
    std::string why = "it gave no answer within limits.trial.stall";
    try {
      for (bool ended = false; !ended && Clock::now() < deadline;) {
        wait_until(deadline);
        worker_->channel().flush();
        for (const Value& received : worker_->channel().drain(ended)) {
          if (auto found = answer(received)) return *found;
        }
        if (ended) why = "its worker ended";
      }
    } catch (const std::invalid_argument& e) {
      why = e.what();
    }
    worker_.reset();
    log(LogLevel::warning, spec.folder().string() + " could not be checked before its first trial: " + why);
    return {};
  }

 private:
  void wait_until(Clock::time_point deadline) const {
    Channel& channel = worker_->channel();
    const auto events = static_cast<short>(POLLIN | (channel.wants_to_write() ? POLLOUT : 0));
    pollfd fds[2] = {{.fd = channel.fd(), .events = events, .revents = 0},
                     {.fd = stop_ != nullptr ? stop_->fd() : -1, .events = POLLIN, .revents = 0}};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count() + 1;
    ::poll(fds, 2, static_cast<int>(std::clamp<int64_t>(left, 0, 3600'000)));
    if (stop_ != nullptr && stop_->count() > 0) throw ExitError(75, "interrupted before anything ran");
  }

  static std::optional<Findings> answer(const Value& received) {
    const std::string name = name_of(received);
    if (name == "checked") return findings_from(checked::member(received, "findings"));
    if (name == "refused")
      throw PluginError(checked::text(received, "text"), static_cast<int>(checked::integer(received, "exit_code")));
    return std::nullopt;
  }

  StopSignals* stop_;
  Value folders_ = Value::list();
  std::unique_ptr<WorkerProcess> worker_;
};

}  // namespace

std::vector<Findings> check(const std::vector<const config::ExperimentSpec*>& specs,
                            const std::vector<std::filesystem::path>& plugin_dirs, StopSignals* stop) {
  Checker checker(plugin_dirs, stop);
  std::vector<Findings> out;
  for (const config::ExperimentSpec* spec : specs) out.push_back(checker.check(*spec));
  return out;
}

}  // namespace dsnn::execution
