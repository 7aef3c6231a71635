// libdsnn_torch.so is itself a plugin: the evaluator `train` with what every training run may use.
#include "dsnn/plugin.h"
#include "training/schedules.h"
#include "training/train_evaluator.h"
#include "training/transforms.h"

namespace {

using namespace dsnn::training;
using namespace std::string_view_literals;

constexpr auto kRandomCrop =
    dsnn::schema("random_crop", "Pads with zeros and takes a random window of the image's own size; training only")
        .integer("padding", {.value = 4, .min = 0, .max = 64, .unit = "pixels", .doc = "Zeros on each side"});
constexpr auto kHorizontalFlip = dsnn::schema("horizontal_flip", "Mirrors the image left to right; training only")
                                     .number("p", {.value = 0.5, .min = 0.0, .max = 1.0, .doc = "Probability"});
constexpr auto kNormalize =
    dsnn::schema("normalize", "(x - mean) / std per channel, after pixels were scaled to [0, 1]")
        .list("mean", {.item = dsnn::FieldType::number,
                       .nullable = true,
                       .doc = "One value per channel; null = the data set's own",
                       .searchable = false})
        .list("std", {.item = dsnn::FieldType::number,
                      .each = {.min_exclusive = 0.0},
                      .nullable = true,
                      .doc = "One value per channel; null = the data set's own",
                      .searchable = false});

constexpr dsnn::Schema with_common_keys(const dsnn::Schema& schema) {
  return schema
      .number("warmup", {.value = 0.0, .min = 0.0, .unit = "epochs", .doc = "Linear ramp of the learning rate from 0"})
      .choice(
          "horizon",
          {.choices = {"full", "budget"},
           .value = "full"sv,
           .ends_with_budget = "budget",
           .doc = "full: a lower budget is a prefix of the full training; budget: the schedule ends with the budget",
           .searchable = false});
}
constexpr auto kConstant = with_common_keys(dsnn::schema("constant", "The same learning rate throughout"));
constexpr auto kStep = with_common_keys(
    dsnn::schema("step", "The learning rate times gamma every few epochs")
        .number("every", {.value = 30.0, .min_exclusive = 0.0, .unit = "epochs", .doc = "Length of one step"})
        .number("gamma", {.value = 0.1, .max = 1.0, .min_exclusive = 0.0, .doc = "Factor at each step"}));
constexpr auto kMultistep = with_common_keys(
    dsnn::schema("multistep", "The learning rate times gamma at each milestone")
        .list("milestones", {.item = dsnn::FieldType::number,
                             .each = {.min = 0.0},
                             .ascending = true,
                             .required = true,
                             .doc = "Epochs, ascending",
                             .searchable = false})
        .number("gamma", {.value = 0.1, .max = 1.0, .min_exclusive = 0.0, .doc = "Factor at each milestone"}));
constexpr auto kCosine = with_common_keys(
    dsnn::schema("cosine", "Half a cosine from the learning rate down to a floor")
        .number("floor", {.value = 0.0, .min = 0.0, .max = 1.0, .doc = "Share of the learning rate at the end"}));

constexpr auto kSelect = dsnn::schema("select", "The epoch that `at: best` means")
                             .text("metric", {.value = "validation.error"sv,
                                              .names = "validation_metric",
                                              .doc = "A validation metric",
                                              .searchable = false})
                             .choice("goal", {.choices = {"minimize", "maximize"},
                                              .value = "minimize"sv,
                                              .names = "direction",
                                              .doc = "Its better direction",
                                              .searchable = false});

constexpr auto kTraining =
    dsnn::schema("training", "How the network is trained")
        .integer("epochs", {.value = 10,
                            .min = 0,
                            .max = 100000,
                            .doc = "Passes over the training part; 0 = evaluate only",
                            .fidelity = true})
        .integer("batch_size", {.value = 128, .min = 1, .max = 65536, .unit = "samples", .doc = "Samples per step"})
        .component("optimizer", {.kind = "optimizer", .doc = "The update rule, with lr and weight_decay"})
        .component("schedule", {.kind = "schedule", .doc = "The course of the learning rate"})
        .component("loss", {.kind = "loss", .doc = "The training criterion"})
        .number("gradient_clip",
                {.min_exclusive = 0.0, .nullable = true, .doc = "Largest global norm of the gradient; null = none"})
        .map("select", {.fields = kSelect.fields(), .doc = "The epoch that `at: best` means"});

constexpr auto kEvaluation = dsnn::schema("evaluation", "How the network is scored")
                                 .integer("batch_size", {.value = 1000,
                                                         .min = 1,
                                                         .max = 65536,
                                                         .unit = "samples",
                                                         .doc = "Samples per batch; a matter of speed only"})
                                 .integer("every", {.value = 1,
                                                    .min = 1,
                                                    .unit = "epochs",
                                                    .doc = "Validate after every n-th epoch, and always after the last",
                                                    .searchable = false});

constexpr auto kSections =
    dsnn::schema("train", "Sections of an experiment that trains")
        .component("task", {.kind = "task", .doc = "What is learnt"})
        .component("dataset", {.kind = "dataset", .required = true, .doc = "The samples, their split and augmentation"})
        .component("backbone", {.kind = "backbone", .required = true, .doc = "The network architecture"})
        .component("operator", {.kind = "operator", .doc = "The arithmetic of its layers"})
        .map("training", {.fields = kTraining.fields(), .doc = "How the network is trained"})
        .map("evaluation", {.fields = kEvaluation.fields(), .doc = "How the network is scored"});

constexpr auto kTrain =
    dsnn::schema("train", "Trains a network and scores it on the validation part")
        .metric({.name = "model.parameters", .better = "lower", .known_before_training = true})
        .metric({.name = "model.bytes", .unit = "B", .better = "lower", .known_before_training = true})
        .metric({.name = "model.macs", .better = "lower", .known_before_training = true})
        .metric({.name = "step.seconds", .unit = "s", .better = "lower", .reproducible = false});

constexpr dsnn::ComponentOptions kTrainOptions{.default_for_kind = true, .sections = &kSections};

}  // namespace

DSNN_PLUGIN("dsnn_torch", "0.3.0", "Apache-2.0", dsnn::component<TrainEvaluator>(kTrain, kTrainOptions),
            dsnn::component<RandomCrop>(kRandomCrop), dsnn::component<HorizontalFlip>(kHorizontalFlip),
            dsnn::component<Normalize>(kNormalize),
            dsnn::component<ConstantSchedule>(kConstant, {.default_for_kind = true}),
            dsnn::component<StepSchedule>(kStep), dsnn::component<MultistepSchedule>(kMultistep),
            dsnn::component<CosineSchedule>(kCosine));
