#include "study/study_proposer.h"

#include <algorithm>
#include <bit>
#include <cstdio>

#include "dsnn/rng.h"

namespace dsnn::study {
namespace {

uint64_t digest(uint64_t chain, const Evaluation& evaluation) {
  chain = hash64(chain, static_cast<uint64_t>(evaluation.request.number));
  chain = hash64(chain, static_cast<uint64_t>(evaluation.state));
  for (const auto* values : {&evaluation.objectives, &evaluation.constraints}) {
    for (const Measured& measured : *values) chain = hash64(chain, std::bit_cast<uint64_t>(measured.value));
  }
  return hash64(chain, evaluation.request.configuration.hash());
}

}  // namespace

void View::add_running(const TrialRequest& request) {
  running_[request.number] = request;
  known_.insert(request.configuration);
}

void View::finish(const Evaluation& evaluation) {
  running_.erase(evaluation.request.number);
  const auto before = [](const Evaluation& a, const Evaluation& b) { return a.request.number < b.request.number; };
  finished_.insert(std::upper_bound(finished_.begin(), finished_.end(), evaluation, before), evaluation);
  chain_ = digest(chain_, evaluation);
}

std::vector<TrialRequest> View::running() const {
  std::vector<TrialRequest> out;
  for (const auto& [number, request] : running_) out.push_back(request);
  return out;
}

std::string View::hash() const {
  uint64_t h = hash64(chain_, finished_.size());
  for (const auto& [number, request] : running_) h = hash64(h, static_cast<uint64_t>(number));
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(h));
  return text;
}

StudyProposer::StudyProposer(const config::ExperimentSpec& spec, AcquisitionStrategy* acquisition, const View& view,
                             const LimitTracker& limits)
    : spec_(spec), acquisition_(acquisition), view_(view), limits_(limits) {}

void StudyProposer::begin(int64_t number, const TrialRequest* recorded) {
  next_number_ = number;
  recorded_ = recorded;
  view_hash_.clear();
  limit_hit_ = false;
}

std::optional<Configuration> StudyProposer::propose(const Ask& ask) {
  if (recorded_ != nullptr) {
    view_hash_ = view_.hash();
    if (recorded_->root != recorded_->number) return std::nullopt;  // it is a promotion: the space had run out
    return recorded_->configuration;
  }
  if (limits_.configurations_reached()) {
    limit_hit_ = true;
    return std::nullopt;
  }
  if (acquisition_ == nullptr) return std::nullopt;
  const std::vector<TrialRequest> running = view_.running();
  std::vector<Target> targets = spec_.objectives;
  targets.insert(targets.end(), spec_.constraints.begin(), spec_.constraints.end());
  const History history{.space = spec_.space,
                        .finished = view_.finished(),
                        .running = running,
                        .targets = targets,
                        .known = &view_.known()};
  Rng rng = Rng(static_cast<uint64_t>(spec_.seed)).fork("proposal", static_cast<uint64_t>(ask.trial_number));
  view_hash_ = view_.hash();
  return acquisition_->suggest(history, ask, rng);
}

}  // namespace dsnn::study
