#include "config/framework_schema.h"

#include <span>

namespace dsnn::config {
namespace {

constexpr auto kObjective =
    schema("objective", "What the search optimises")
        .text("name",
              {.nullable = true, .names = "column", .doc = "Name in tables and the report; default: the metric"})
        .text("metric", {.required = true, .names = "metric", .doc = "scope.quantity, as 'validation.error'"})
        .choice("goal", {.choices = {"minimize", "maximize"},
                         .nullable = true,
                         .names = "direction",
                         .doc = "Direction; default: the metric's own"})
        .number("reference", {.nullable = true, .doc = "Reference value for the hypervolume, in the metric's unit"})
        .choice("at", {.choices = {"last", "best", "peak"}, .value = "last", .doc = "Which epoch counts"})
        .text("meter", {.nullable = true, .names = "meter", .doc = "analytic, measured or the name of a meter"});

constexpr auto kConstraint =
    schema("constraint", "A bound on an outcome")
        .text("name",
              {.nullable = true, .names = "column", .doc = "Name in tables and the report; default: the metric"})
        .text("metric", {.required = true, .names = "metric", .doc = "scope.quantity, as 'model.bytes'"})
        .number("min", {.nullable = true, .doc = "Least allowed value"})
        .number("max", {.nullable = true, .doc = "Greatest allowed value"})
        .choice("at", {.choices = {"last", "best", "peak"}, .value = "last", .doc = "Which epoch counts"})
        .text("meter", {.nullable = true, .names = "meter", .doc = "analytic, measured or the name of a meter"});

constexpr auto kTrialLimits =
    schema("trial", "Bounds of one trial")
        .duration("wall", {.nullable = true, .doc = "Longest time of one trial"})
        .duration("stall", {.value = "5min", .doc = "Longest time without progress"})
        .size("memory", {.nullable = true, .doc = "Largest resident memory of a worker"})
        .integer("retries", {.value = 0, .min = 0, .max = 100, .doc = "How often a failed trial is tried again"});

constexpr auto kLimits =
    schema("limits", "What ends a study; the first one reached")
        .integer("trials", {.min = 1, .nullable = true, .doc = "Evaluations at any rung, failed ones included"})
        .integer("configurations", {.min = 1, .nullable = true, .doc = "Distinct configurations"})
        .number("full_trainings",
                {.min_exclusive = 0.0, .nullable = true, .doc = "Budget in units of one full training"})
        .duration("wall", {.nullable = true, .doc = "Wall time"})
        .number("epochs", {.min_exclusive = 0.0, .nullable = true, .doc = "Epochs trained over all trials"})
        .number("energy_kwh",
                {.min_exclusive = 0.0, .nullable = true, .unit = "kWh", .doc = "Energy of the whole study"})
        .number("emissions_kg",
                {.min_exclusive = 0.0, .nullable = true, .unit = "kg CO2e", .doc = "Emissions of the whole study"})
        .map("trial", {.fields = kTrialLimits.fields(), .doc = "Bounds of one trial"});

constexpr auto kRecycle =
    schema("recycle", "When a worker process is replaced")
        .integer("trials", {.value = 100, .min = 1, .doc = "After so many trials"})
        .size("memory_growth", {.value = "512MiB", .doc = "When its memory has grown by this much"});

constexpr auto kCheckpoints =
    schema("checkpoints", "Which checkpoints stay on disk")
        .choice("keep", {.choices = {"front", "all", "last", "none"}, .value = "front", .doc = "Of which trials"});

constexpr auto kExecution =
    schema("execution", "Where and how trials run")
        .integer("workers", {.min = 1,
                             .max = 1024,
                             .nullable = true,
                             .doc = "Worker processes; default: one for each core this process may use"})
        .text("device", {.value = "auto", .names = "device", .doc = "auto, cpu, cuda or cuda:N"})
        .integer("threads", {.min = 1,
                             .max = 1024,
                             .nullable = true,
                             .doc = "Threads inside one trial; default 1, and more for a large network when cores are "
                                    "left over and the study is not deterministic"})
        .flag("deterministic",
              {.value = false, .doc = "The same result with any number of workers and after any crash"})
        .integer("lookback", {.value = 4,
                              .min = 1,
                              .max = 1024,
                              .doc = "Trials that may run while the next one is chosen (deterministic)"})
        .map("recycle", {.fields = kRecycle.fields(), .doc = "When a worker process is replaced"})
        .choice("isolation", {.choices = {"process", "inline"},
                              .value = "process",
                              .doc = "inline: trials run inside the driver, for debugging"})
        .map("checkpoints", {.fields = kCheckpoints.fields(), .doc = "Which checkpoints stay on disk"});

constexpr auto kStore =
    schema("store", "Where trials are recorded")
        .choice("type",
                {.choices = {"sqlite"}, .value = "sqlite", .doc = "The embedded store: one file in the run's folder"});

constexpr auto kMeters =
    schema("meters", "Energy and emissions")
        .list("use", {.item = FieldType::component,
                      .kind = "meter",
                      .nullable = true,
                      .doc = "Meters to record; default: the standard one"})
        .component("inference", {.kind = "cost_model", .doc = "The cost model behind analytic energy"})
        .text("country", {.value = "WLD", .names = "country", .doc = "ISO 3166 alpha-3 code for the carbon intensity"})
        .integer(
            "year",
            {.min = 1990, .max = 2100, .nullable = true, .doc = "Year of the carbon intensity; default: the newest"})
        .number("intensity_g_per_kwh",
                {.min = 0.0, .nullable = true, .unit = "g CO2e/kWh", .doc = "Carbon intensity instead of the table's"})
        .number("pue", {.value = 1.0, .min = 1.0, .max = 10.0, .doc = "Power usage effectiveness of the site"});

constexpr auto kTable = schema("table", "The page of a matrix")
                            .text("rows", {.required = true, .names = "axis", .doc = "Axis"})
                            .text("columns", {.required = true, .names = "axis", .doc = "Axis"})
                            .text("metric", {.required = true, .names = "metric", .doc = "Metric of the cells"});

constexpr auto kReport =
    schema("report", "The report and what it compares with")
        .flag("default",
              {.value = true, .doc = "Run the default configuration as trial 0 and compare the front with it"})
        .map("table", {.fields = kTable.fields(), .nullable = true, .doc = "Rows and columns of a matrix page"});

constexpr auto kSections =
    schema("experiment", "The framework's own sections")
        .component("evaluator", {.kind = "evaluator", .doc = "What measures a configuration"})
        .list("objectives",
              {.item = FieldType::map, .fields = kObjective.fields(), .json = "[]", .doc = "What the search optimises"})
        .list("constraints",
              {.item = FieldType::map, .fields = kConstraint.fields(), .json = "[]", .doc = "Bounds on outcomes"})
        .component("fidelity",
                   {.kind = "fidelity_scheduler", .doc = "What is made cheaper, and the scheduler of budgets"})
        .component("acquisition", {.kind = "acquisition", .doc = "What proposes configurations"})
        .map("limits", {.fields = kLimits.fields(), .doc = "What ends the study"})
        .map("execution", {.fields = kExecution.fields(), .doc = "Where and how trials run"})
        .map("store", {.fields = kStore.fields(), .doc = "Where trials are recorded"})
        .map("meters", {.fields = kMeters.fields(), .doc = "Energy and emissions"})
        .map("report", {.fields = kReport.fields(), .doc = "The report"});

constexpr auto kRequires =
    schema("requires", "Versions this file needs")
        .text("dsnn", {.nullable = true, .names = "own", .doc = "Version of dsnn-run: \">=0.3\""})
        .map("plugins",
             {.nullable = true, .open = true, .names = "own", .doc = "Plugin name -> version: {acme: \">=1.2\"}"});

constexpr auto kKeys =
    schema("experiment", "The keys of a file that are no sections")
        .choice("schema", {.choices = {"dsnn/1"}, .required = true, .doc = "Version of the language"})
        .text("name",
              {.nullable = true, .names = "own", .doc = "Name of the run's folder; a file without name is a base"})
        .text("extends", {.nullable = true, .names = "own", .doc = "A file this one is laid over"})
        .map("requires", {.fields = kRequires.fields(), .nullable = true, .doc = "Versions this file needs"})
        .integer("seed", {.value = 0, .min = 0, .doc = "Seed, or a list of seeds: one run each"})
        .map("matrix",
             {.nullable = true, .open = true, .names = "own", .doc = "Axes and cases: every combination is a run"})
        .map("parameters",
             {.nullable = true, .open = true, .names = "own", .doc = "Search domains used in several places"});

}  // namespace

const std::vector<FieldSpec>& framework_sections() {
  static const std::vector<FieldSpec> fields = fields_of(kSections);
  return fields;
}

const std::vector<FieldSpec>& framework_keys() {
  static const std::vector<FieldSpec> fields = fields_of(kKeys);
  return fields;
}

}  // namespace dsnn::config
