#include "execution/worker.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include "dsnn/build_info.h"
#include "dsnn/checked_json.h"
#include "dsnn/log.h"
#include "dsnn/version.h"
#include "execution/channel.h"
#include "execution/crash_report.h"
#include "execution/messages.h"
#include "execution/process_usage.h"
#include "execution/signals.h"
#include "execution/spec_check.h"
#include "execution/trial_executor.h"

namespace dsnn::execution {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kBeatEvery = std::chrono::seconds(1);

volatile std::sig_atomic_t g_cancelled = 0;  // set by a signal, never cleared: a cancelled worker is replaced

void on_stop_signal(int) { g_cancelled = 1; }

/// What asks the driver to stop asks a worker that gets it alone to save its trial; a reader that is gone is an error
/// of the write, not the end of the process.
void listen_to_signals() {
  struct sigaction action = {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = SA_RESTART;
  for (int signal : kStopSignals) sigaction(signal, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

/// Sends stdout and stderr of a trial to its log for as long as it lives.
class Redirect {
 public:
  explicit Redirect(const std::filesystem::path& file) {
    std::fflush(nullptr);
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) return;
    for (int i = 0; i < 2; ++i) {
      saved_[i] = ::fcntl(i + 1, F_DUPFD_CLOEXEC, 3);
      ::dup2(fd, i + 1);
    }
    ::close(fd);
  }
  ~Redirect() {
    std::fflush(nullptr);
    for (int i = 0; i < 2; ++i) {
      if (saved_[i] < 0) continue;
      ::dup2(saved_[i], i + 1);
      ::close(saved_[i]);
    }
  }
  Redirect(const Redirect&) = delete;

 private:
  int saved_[2] = {-1, -1};
};

/// Dispatches the driver's messages.
class Worker {
 public:
  explicit Worker(int fd) : channel_(fd) {}

  int run() {
    channel_.send(message("hello", {{"protocol", Value(kProtocolVersion)},
                                    {"version", Value(kVersion)},
                                    {"build", Value(DSNN_API_HASH)},
                                    {"pid", Value(static_cast<int64_t>(::getpid()))}}));
    while (std::optional<Value> received = channel_.receive()) {
      const std::string name = name_of(*received);
      if (name == "bye") break;
      if (name == "start") {
        if (!start(*received)) break;
      } else if (name == "trial") {
        trial(*received);
      } else if (name == "describe") {
        describe(*received);
      } else if (name == "check") {
        check(*received);
      } else {
        throw std::invalid_argument("message '" + name + "' is unknown");
      }
    }
    return 0;
  }

 private:
  void refuse(const char* kind, const std::string& text, int exit_code, const std::vector<Diagnostic>& diagnostics) {
    channel_.send(message("refused", {{"kind", Value(kind)},
                                      {"text", Value(text)},
                                      {"exit_code", Value(exit_code)},
                                      {"diagnostics", to_value(diagnostics)}}));
  }

  bool start(const Value& start) {
    if (checked::integer(start, "protocol") != kProtocolVersion) {
      refuse("plugin", "the driver speaks another version of the worker protocol; use one build of dsnn-run for both",
             70, {});
      return false;
    }
    run_folder_ = checked::text(start, "run_folder");
    const std::vector<std::filesystem::path> folders = plugin_folders(start);
    try {
      spec_ =
          std::make_unique<config::ExperimentSpec>(config::ExperimentSpec::from_json(checked::member(start, "spec")));
      catalog_ = std::make_unique<plugin::Catalog>(folders);
      executor_ = std::make_unique<TrialExecutor>(*spec_, *catalog_, plugin::Loader::Torch::allowed, run_folder_);
    } catch (const ConfigError& e) {
      refuse("config", e.what(), e.exit_code(), e.diagnostics());
      return false;
    } catch (const PluginError& e) {
      refuse("plugin", e.what(), e.exit_code(), {});
      return false;
    } catch (const std::exception& e) {
      refuse("plugin", "evaluator '" + (spec_ ? spec_->evaluator : "?") + "' could not be made: " + e.what(), 65, {});
      return false;
    }
    channel_.send(message("ready"));
    return true;
  }

  static std::vector<std::filesystem::path> plugin_folders(const Value& asked) {
    std::vector<std::filesystem::path> folders;
    for (const Value& folder : checked::member(asked, "plugin_dirs").items()) folders.emplace_back(folder.string());
    return folders;
  }

  void check(const Value& asked) {
    try {
      const auto spec = config::ExperimentSpec::from_json(checked::member(asked, "spec"));
      const plugin::Catalog catalog(plugin_folders(asked));
      channel_.send(message("checked", {{"findings", to_value(check_spec(spec, catalog))}}));
    } catch (const PluginError& e) {
      refuse("plugin", e.what(), e.exit_code(), {});
    }
  }

  TrialHooks hooks() {
    return {.cancelled = [] { return g_cancelled != 0; },
            .beat =
                [this] {
                  if (Clock::now() - last_beat_ < kBeatEvery) return;
                  last_beat_ = Clock::now();
                  channel_.send(message("beat"));
                },
            .report =
                [this](int64_t step, const std::vector<Metric>& metrics, double seconds) {
                  last_beat_ = Clock::now();
                  channel_.send(message(
                      "epoch", {{"step", Value(step)}, {"metrics", to_value(metrics)}, {"seconds", Value(seconds)}}));
                },
            .known_before =
                [this](const std::vector<Metric>& metrics) {
                  channel_.send(message("static", {{"metrics", to_value(metrics)}}));
                }};
  }

  void trial(const Value& asked) {
    const TrialRequest request = request_from(checked::member(asked, "request"));
    const std::filesystem::path folder = run_folder_ / trial_folder(request.number);
    std::error_code ignored;
    if (std::filesystem::is_directory(run_folder_, ignored)) std::filesystem::create_directories(folder, ignored);
    const Redirect redirect(folder / "log.txt");
    reset_peak();
    try {
      const Evaluation evaluation = executor_->run(request, hooks());
      if (!evaluation.message.empty()) log(LogLevel::warning, evaluation.message);
      const ProcessUsage usage = process_usage();
      channel_.send(message("evaluation", {{"evaluation", to_value(evaluation)},
                                           {"rss_bytes", Value(usage.rss_bytes)},
                                           {"peak_rss_bytes", Value(usage.peak_rss_bytes)},
                                           {"open_files", Value(usage.open_files)}}));
    } catch (const ConfigError& e) {
      log(LogLevel::error, e.what());
      channel_.send(message("config_error", {{"diagnostics", to_value(e.diagnostics())}}));
    } catch (const ExitError& e) {
      log(LogLevel::error, e.what());
      channel_.send(message("exit_error", {{"text", Value(e.what())}, {"exit_code", Value(e.exit_code())}}));
    }
  }

  void describe(const Value& asked) {
    try {
      const Description description =
          executor_->describe(Configuration::from_json(checked::member(asked, "configuration")));
      channel_.send(message("description", {{"description", to_value(description)}}));
    } catch (const ConfigError& e) {
      refuse("config", e.what(), e.exit_code(), e.diagnostics());
    } catch (const std::exception& e) {
      refuse("plugin", e.what(), 65, {});
    }
  }

  Channel channel_;
  std::filesystem::path run_folder_;
  std::unique_ptr<config::ExperimentSpec> spec_;
  std::unique_ptr<plugin::Catalog> catalog_;
  std::unique_ptr<TrialExecutor> executor_;
  Clock::time_point last_beat_;
};

}  // namespace

int run_worker(int fd) {
  install_crash_report();
  listen_to_signals();
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  int code = 0;
  try {
    Worker(fd).run();
  } catch (const std::invalid_argument& e) {
    log(LogLevel::error, std::string("worker: cannot understand the driver: ") + e.what());
    code = 70;
  }
  std::fflush(nullptr);
  ::_exit(code);  // LibTorch's static destructors have nothing to tell
}

}  // namespace dsnn::execution
