#include "config/later.h"

#include <algorithm>
#include <array>

namespace dsnn::config {
namespace {

struct Later {
  std::string_view path, what, comes_with;
};

// A key here leaves the table when the build that has it adds it to a schema.
constexpr std::array kKeys = {
    Later{"expect", "'expect' (published values to compare with) comes", "the DeepShift build"},
    Later{"backbone.weights", "'backbone.weights' (trained weights to start from) comes", "the DeepShift build"},
    Later{"backbone.from", "'backbone.from' (another run's network) comes", "the DeepShift build"},
    Later{"backbone.reset", "'backbone.reset' comes", "the DeepShift build"},
    Later{"backbone.output_stride", "'backbone.output_stride' (segmentation) comes", "the ShiftAddAug build"},
    Later{"backbone.in_channels", "'backbone.in_channels' comes", "the ShiftAddAug build"},
    Later{"backbone.classifier", "'backbone.classifier' comes", "the ShiftAddNet build"},
    Later{"dataset.split", "'dataset.split' comes", "the ShiftAddAug build"},
    Later{"dataset.input_size", "'dataset.input_size' (resizing, also as a fidelity) comes", "the search engine"},
    Later{"operator.parameters_ratio", "'operator.parameters_ratio' comes", "the tensor decompositions"},
    Later{"training.augment", "'training.augment' (network augmentation) comes", "the ShiftAddAug build"},
    Later{"training.pruning", "'training.pruning' comes", "the ShiftNet build"},
    Later{"training.averaging", "'training.averaging' comes", "the ShiftAddNet build"},
    Later{"training.sampling", "'training.sampling' comes", "the ShiftAddAug build"},
    Later{"training.methods", "'training.methods' comes", "the ShiftAddAug build"},
    Later{"training.select", "'training.select' comes", "the DeepShift build"},
    Later{"training.optimizer.decay_norm_and_bias", "'decay_norm_and_bias' comes", "the ShiftAddAug build"},
    Later{"evaluation.kernel", "'evaluation.kernel' (real shift kernels) comes", "the integer kernels"},
    Later{"evaluation.latency", "'evaluation.latency' comes", "the integer kernels"},
    Later{"evaluation.compare_to", "'evaluation.compare_to' comes", "the integer kernels"},
    Later{"evaluation.recalibrate_norm", "'evaluation.recalibrate_norm' comes", "the ShiftAddAug build"},
    Later{"acquisition.warm_start", "'acquisition.warm_start' (another run's trials) comes", "the search engine"},
    Later{"acquisition.cost_aware", "'acquisition.cost_aware' comes", "the search engine"},
    Later{"constraints.require", "'require' constraints come", "the search engine"},
    Later{"execution.ranks", "'execution.ranks' (one trial on several processes) comes", "cluster runs"},
    Later{"execution.checkpoints.every", "'execution.checkpoints.every' comes", "the search engine"},
    Later{"execution.checkpoints.space", "'execution.checkpoints.space' comes", "the search engine"},
    Later{"meters.window", "'meters.window' comes", "the measured meters"},
    Later{"meters.inference.pe", "'meters.inference.pe' (the accelerator model) comes", "the hardware model"},
    Later{"meters.inference.depthwise", "'meters.inference.depthwise' comes", "the hardware model"},
    Later{"report.layers", "'report.layers' comes", "the tensor decompositions"},
    Later{"report.overlays", "'report.overlays' (segmentation) comes", "the ShiftAddAug build"},
    Later{"fidelity.budget.input_size", "the budget 'input_size' comes", "the search engine"},
    Later{"store.type.postgresql", "the store 'postgresql' comes", "cluster runs"},
    Later{"store.durability", "'store.durability' comes", "cluster runs"},
    Later{"store.timeout", "'store.timeout' comes", "cluster runs"},
};

struct LaterType {
  Kind kind;
  std::string_view type, comes_with;
};
constexpr std::array kTypes = {
    LaterType{Kind::evaluator, "ask_tell", "the search engine"},
    LaterType{Kind::evaluator, "command", "the search engine"},
    LaterType{Kind::acquisition, "ehvi", "the search engine"},
    LaterType{Kind::acquisition, "evolution", "the search engine"},
    LaterType{Kind::fidelity_scheduler, "mo_asha", "the search engine"},
    LaterType{Kind::surrogate, "gp", "the search engine"},
    LaterType{Kind::task, "segmentation", "the ShiftAddAug build"},
    LaterType{Kind::op, "add", "the ShiftAddNet build"},
    LaterType{Kind::op, "shift_add", "the ShiftAddNet build"},
    LaterType{Kind::op, "p_shift_p", "the tensor decompositions"},
    LaterType{Kind::op, "pdp", "the tensor decompositions"},
    LaterType{Kind::op, "dp", "the tensor decompositions"},
    LaterType{Kind::op, "pd", "the tensor decompositions"},
    LaterType{Kind::op, "tucker2", "the tensor decompositions"},
    LaterType{Kind::schedule, "poly", "the ShiftAddAug build"},
    LaterType{Kind::schedule, "phases", "the ShiftNet build"},
    LaterType{Kind::dataset, "cifar100", "the ShiftAddNet build"},
    LaterType{Kind::dataset, "voc2012_segmentation", "the ShiftAddAug build"},
    LaterType{Kind::meter, "nvml", "the measured meters"},
    LaterType{Kind::meter, "rapl", "the measured meters"},
    LaterType{Kind::meter, "codecarbon_compat", "the measured meters"},
};

constexpr std::array kMetrics = {Later{"inference.latency_ms", "'inference.latency_ms' comes", "the hardware model"}};

constexpr std::string_view kTail = "; this build does not have ";

template <size_t N>
std::optional<std::string> sentence(const std::array<Later, N>& table, std::string_view path) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Later& entry) { return entry.path == path; });
  if (found == table.end()) return std::nullopt;
  const bool plural = found->what.ends_with(" come");
  return std::string(found->what) + " with " + std::string(found->comes_with) + std::string(kTail) +
         (plural ? "them yet" : "it yet");
}

}  // namespace

std::optional<std::string> later_key(std::string_view path) { return sentence(kKeys, path); }

std::optional<std::string> later_metric(std::string_view name) { return sentence(kMetrics, name); }

std::optional<std::string> later_component(Kind kind, std::string_view type) {
  const auto found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const LaterType& t) { return t.kind == kind && t.type == type; });
  if (found == kTypes.end()) return std::nullopt;
  return std::string(name_of(kind)) + " '" + std::string(type) + "' comes with " + std::string(found->comes_with) +
         std::string(kTail) + "it yet";
}

}  // namespace dsnn::config
