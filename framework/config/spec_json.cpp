// ExperimentSpec <-> JSON, for workers and the store.
#include "config/spec.h"
#include "dsnn/error.h"

namespace dsnn::config {
namespace {

template <class T>
void put(Value& out, const char* key, const std::optional<T>& value) {
  if (value) out.set(key, Value(*value));
}

template <class T>
std::optional<T> get(const Value& in, const char* key) {
  const Value* found = in.find(key);
  if (found == nullptr) return std::nullopt;
  if constexpr (std::is_same_v<T, double>)
    return found->number();
  else if constexpr (std::is_same_v<T, int>)
    return static_cast<int>(found->integer());
  else
    return found->integer();
}

Value numbers(const std::vector<double>& values) {
  Value out = Value::list();
  for (double v : values) out.push_back(Value(v));
  return out;
}
std::vector<double> numbers(const Value& list) {
  std::vector<double> out;
  for (const Value& v : list.items()) out.push_back(v.number());
  return out;
}
Value texts(const std::vector<std::string>& values) {
  Value out = Value::list();
  for (const std::string& v : values) out.push_back(Value(v));
  return out;
}
std::vector<std::string> texts(const Value& list) {
  std::vector<std::string> out;
  for (const Value& v : list.items()) out.push_back(v.string());
  return out;
}

Value location_json(const SourceLocation& where) {
  Value out = Value::list();
  out.push_back(Value(where.file));
  out.push_back(Value(where.line));
  out.push_back(Value(where.column));
  return out;
}
SourceLocation location_from(const Value& json) {
  const auto& items = json.items();
  return {.file = items.at(0).string(),
          .line = static_cast<int>(items.at(1).integer()),
          .column = static_cast<int>(items.at(2).integer())};
}

Value target_json(const Target& t) {
  Value out = Value::map();
  out.set("role", Value(static_cast<int>(t.role)));
  out.set("name", Value(t.name));
  out.set("metric", Value(t.metric));
  out.set("goal", Value(t.goal == Goal::maximize ? "maximize" : "minimize"));
  put(out, "min", t.min);
  put(out, "max", t.max);
  put(out, "reference", t.reference);
  out.set("at", Value(t.at));
  out.set("meter", Value(t.meter));
  return out;
}
Target target_from(const Value& json) {
  Target out;
  out.role = static_cast<Target::Role>(json.at("role").integer());
  out.name = json.at("name").string();
  out.metric = json.at("metric").string();
  out.goal = json.at("goal").string() == "maximize" ? Goal::maximize : Goal::minimize;
  out.min = get<double>(json, "min");
  out.max = get<double>(json, "max");
  out.reference = get<double>(json, "reference");
  out.at = json.at("at").string();
  out.meter = json.at("meter").string();
  return out;
}

Value targets_json(const std::vector<Target>& targets) {
  Value out = Value::list();
  for (const Target& t : targets) out.push_back(target_json(t));
  return out;
}
std::vector<Target> targets_from(const Value& json) {
  std::vector<Target> out;
  for (const Value& item : json.items()) out.push_back(target_from(item));
  return out;
}

Value limits_json(const Limits& l) {
  Value out = Value::map();
  put(out, "trials", l.trials);
  put(out, "configurations", l.configurations);
  put(out, "full_trainings", l.full_trainings);
  put(out, "epochs", l.epochs);
  put(out, "wall_seconds", l.wall_seconds);
  put(out, "energy_kwh", l.energy_kwh);
  put(out, "emissions_kg", l.emissions_kg);
  put(out, "trial_wall_seconds", l.trial_wall_seconds);
  out.set("trial_stall_seconds", Value(l.trial_stall_seconds));
  put(out, "trial_memory_bytes", l.trial_memory_bytes);
  out.set("trial_retries", Value(l.trial_retries));
  return out;
}
Limits limits_from(const Value& json) {
  Limits out;
  out.trials = get<int64_t>(json, "trials");
  out.configurations = get<int64_t>(json, "configurations");
  out.full_trainings = get<double>(json, "full_trainings");
  out.epochs = get<double>(json, "epochs");
  out.wall_seconds = get<double>(json, "wall_seconds");
  out.energy_kwh = get<double>(json, "energy_kwh");
  out.emissions_kg = get<double>(json, "emissions_kg");
  out.trial_wall_seconds = get<double>(json, "trial_wall_seconds");
  out.trial_stall_seconds = json.at("trial_stall_seconds").number();
  out.trial_memory_bytes = get<int64_t>(json, "trial_memory_bytes");
  out.trial_retries = static_cast<int>(json.at("trial_retries").integer());
  return out;
}

Value execution_json(const Execution& e) {
  Value out = Value::map();
  out.set("workers", Value(e.workers));
  out.set("device", Value(e.device));
  out.set("threads", Value(e.threads));
  out.set("deterministic", Value(e.deterministic));
  out.set("lookback", Value(e.lookback));
  out.set("inline", Value(e.inline_isolation));
  out.set("recycle_trials", Value(e.recycle_trials));
  out.set("recycle_rss_growth_bytes", Value(e.recycle_rss_growth_bytes));
  out.set("keep_checkpoints", Value(e.keep_checkpoints));
  return out;
}
Execution execution_from(const Value& json) {
  Execution out;
  out.workers = static_cast<int>(json.at("workers").integer());
  out.device = json.at("device").string();
  out.threads = static_cast<int>(json.at("threads").integer());
  out.deterministic = json.at("deterministic").boolean();
  out.lookback = static_cast<int>(json.at("lookback").integer());
  out.inline_isolation = json.at("inline").boolean();
  out.recycle_trials = static_cast<int>(json.at("recycle_trials").integer());
  out.recycle_rss_growth_bytes = json.at("recycle_rss_growth_bytes").integer();
  out.keep_checkpoints = json.at("keep_checkpoints").string();
  return out;
}

Value fidelity_json(const Fidelity& f) {
  Value out = Value::map();
  out.set("axes", texts(f.axes));
  out.set("names", texts(f.names));
  out.set("min", numbers(f.min));
  out.set("max", numbers(f.max));
  out.set("eta", Value(f.eta));
  out.set("continue", Value(f.continue_from_checkpoint));
  out.set("front", Value(f.front_of_any_budget ? "any" : "top"));
  return out;
}
Fidelity fidelity_from(const Value& json) {
  Fidelity out;
  out.axes = texts(json.at("axes"));
  out.names = texts(json.at("names"));
  out.min = numbers(json.at("min"));
  out.max = numbers(json.at("max"));
  out.eta = json.at("eta").number();
  out.continue_from_checkpoint = json.at("continue").boolean();
  const Value* front = json.find("front");
  out.front_of_any_budget = front != nullptr && *front == Value("any");
  return out;
}

Value grid_json(const Grid& g) {
  Value out = Value::map();
  out.set("country", Value(g.country));
  put(out, "year", g.year);
  put(out, "intensity_g_per_kwh", g.intensity_g_per_kwh);
  out.set("pue", Value(g.pue));
  out.set("country_given", Value(g.country_given));
  return out;
}
Grid grid_from(const Value& json) {
  Grid out;
  out.country = json.at("country").string();
  out.year = get<int>(json, "year");
  out.intensity_g_per_kwh = get<double>(json, "intensity_g_per_kwh");
  out.pue = json.at("pue").number();
  out.country_given = json.at("country_given").boolean();
  return out;
}

Value matrix_json(const Matrix& m) {
  Value axes = Value::list(), seeds = Value::list();
  for (const Matrix::Axis& axis : m.axes)
    axes.push_back(Value(Value::Map{{"name", Value(axis.name)}, {"labels", texts(axis.labels)}}));
  for (int64_t seed : m.seeds) seeds.push_back(Value(seed));
  return Value(Value::Map{{"axes", std::move(axes)}, {"skipped", texts(m.skipped)}, {"seeds", std::move(seeds)}});
}
Matrix matrix_from(const Value& json) {
  Matrix out;
  for (const Value& axis : json.at("axes").items())
    out.axes.push_back({.name = axis.at("name").string(), .labels = texts(axis.at("labels"))});
  out.skipped = texts(json.at("skipped"));
  for (const Value& seed : json.at("seeds").items()) out.seeds.push_back(seed.integer());
  return out;
}

Value note_json(const Diagnostic& d) {
  Value out = Value::map();
  out.set("severity", Value(static_cast<int>(d.severity)));
  out.set("where", location_json(d.where));
  out.set("message", Value(d.message));
  out.set("hint", Value(d.hint));
  out.set("source_line", Value(d.source_line));
  out.set("caret_length", Value(d.caret_length));
  return out;
}
Diagnostic note_from(const Value& json) {
  return {.severity = static_cast<Severity>(json.at("severity").integer()),
          .where = location_from(json.at("where")),
          .message = json.at("message").string(),
          .hint = json.at("hint").string(),
          .source_line = json.at("source_line").string(),
          .caret_length = static_cast<int>(json.at("caret_length").integer())};
}

/// Every member of the example is there, maps inside maps too, and is a map or list where the example is one.
bool has_shape_of(const Value& value, const Value& example) {
  if (example.is_list()) return value.is_list();
  if (!example.is_map()) return true;
  return value.is_map() &&
         std::all_of(example.members().begin(), example.members().end(), [&](const Value::Member& member) {
           const Value* mine = value.find(member.first);
           return mine != nullptr && has_shape_of(*mine, member.second);
         });
}

}  // namespace

Value ExperimentSpec::to_json() const {
  Value out = Value::map();
  out.set("name", Value(name));
  out.set("cell", Value(cell));
  Value labels = Value::map();
  for (const auto& [axis, label] : cell_labels) labels.set(axis, Value(label));
  out.set("cell_labels", std::move(labels));
  out.set("matrix", matrix_json(matrix));
  out.set("seed", Value(seed));
  out.set("seed_in_path", Value(seed_in_path));
  out.set("source", Value(source.string()));
  Value files = Value::list();
  for (const auto& parent : parents) files.push_back(Value(parent.string()));
  out.set("parents", std::move(files));
  out.set("tree", tree);
  Value::Map places;
  for (const auto& [path, where] : origins) places.emplace_back(path, location_json(where));
  out.set("origins", Value(std::move(places)));
  out.set("space", space.to_json());
  out.set("objectives", targets_json(objectives));
  out.set("constraints", targets_json(constraints));
  out.set("recorded", targets_json(recorded));
  out.set("limits", limits_json(limits));
  out.set("execution", execution_json(execution));
  if (fidelity) out.set("fidelity", fidelity_json(*fidelity));
  out.set("grid", grid_json(grid));
  out.set("evaluator", Value(evaluator));
  out.set("plugins", texts(plugins));
  Value all_notes = Value::list();
  for (const Diagnostic& note : notes) all_notes.push_back(note_json(note));
  out.set("notes", std::move(all_notes));
  return out;
}

ExperimentSpec ExperimentSpec::from_json(const Value& json) {
  ExperimentSpec out;
  out.name = json.at("name").string();
  out.cell = json.at("cell").string();
  for (const auto& [axis, label] : json.at("cell_labels").members()) out.cell_labels[axis] = label.string();
  out.matrix = matrix_from(json.at("matrix"));
  out.seed = json.at("seed").integer();
  out.seed_in_path = json.at("seed_in_path").boolean();
  out.source = json.at("source").string();
  for (const Value& parent : json.at("parents").items()) out.parents.emplace_back(parent.string());
  out.tree = json.at("tree");
  for (const auto& [path, where] : json.at("origins").members()) out.origins[path] = location_from(where);
  out.space = SearchSpace::from_json(json.at("space"));
  out.objectives = targets_from(json.at("objectives"));
  out.constraints = targets_from(json.at("constraints"));
  out.recorded = targets_from(json.at("recorded"));
  out.limits = limits_from(json.at("limits"));
  out.execution = execution_from(json.at("execution"));
  if (const Value* found = json.find("fidelity")) out.fidelity = fidelity_from(*found);
  out.grid = grid_from(json.at("grid"));
  out.evaluator = json.at("evaluator").string();
  out.plugins = texts(json.at("plugins"));
  for (const Value& note : json.at("notes").items()) out.notes.push_back(note_from(note));
  return out;
}

std::optional<ExperimentSpec> ExperimentSpec::from_text(const std::string& json) {
  try {
    const Value value = parse_json(json);
    if (has_shape_of(value, ExperimentSpec{}.to_json())) return from_json(value);
  } catch (const std::invalid_argument&) {
    // No JSON at all: as unreadable as another version's.
  }
  return std::nullopt;
}

}  // namespace dsnn::config
