#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "dsnn/search_space.h"
#include "dsnn/value.h"
#include "store/store.h"
#include "study/study.h"

namespace dsnn::report {

/// One study as the sections of its report read it.
struct Context {
  std::filesystem::path folder;
  const store::Store& store;
  store::StudyRecord study;
  std::vector<store::TrialRecord> trials;
  study::FrontRule rule;
  SearchSpace space;
  Configuration default_configuration;
  std::vector<int64_t> front;
};

/// Null for what JSON cannot hold.
Value numeric(double v);
/// The final value of a trial's metric.
double metric(const store::TrialRecord& trial, std::string_view name, double fallback = 0);

/// Where time went, by part of a training step; empty when no trial says.
Value time_value(const Context& c);
/// Energy by meter, source, scope and window.
Value energy_value(const Context& c);
/// Time, energy and emissions of the whole search. `energy` as from energy_value().
Value totals_value(const Context& c, const Value& energy);

/// What a reader should know before trusting the figures.
Value notes_value(const Context& c, const Value& energy);
/// Command, digests, environment and plugins.
Value reproduce_value(const Context& c);
/// BibTeX and a methods paragraph.
Value cite_value(const Context& c);

}  // namespace dsnn::report
