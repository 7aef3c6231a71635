#include "study/lineage.h"

#include <algorithm>

namespace dsnn::study {

std::vector<const store::TrialRecord*> trained_lineage(const std::vector<store::TrialRecord>& trials, int64_t number) {
  const store::TrialRecord* trial = &trials[static_cast<size_t>(number)];
  std::vector<const store::TrialRecord*> out = {trial};
  while (trial->request.start_from && trial->request.parent) {
    trial = &trials[static_cast<size_t>(*trial->request.parent)];
    out.push_back(trial);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<store::EpochMetric> trained_history(const store::Store& store,
                                                const std::vector<store::TrialRecord>& trials, int64_t number) {
  std::vector<store::EpochMetric> out;
  for (const store::TrialRecord* trial : trained_lineage(trials, number)) {
    const std::vector<store::EpochMetric> rows = store.epoch_metrics(trial->request.number);
    out.insert(out.end(), rows.begin(), rows.end());
  }
  return out;
}

}  // namespace dsnn::study
