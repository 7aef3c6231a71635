#pragma once

#include <string>
#include <vector>

#include "dsnn/checked_json.h"
#include "dsnn/evaluator.h"
#include "dsnn/types.h"
#include "dsnn/value.h"
#include "store/readings.h"

/// What driver and worker say to each other. Every message is a map with the key "message".
///
///   driver -> worker   start {protocol, spec, plugin_dirs, run_folder}
///                      trial {request, attempt, rank, world, rendezvous} · describe {configuration} · bye
///                      check {spec, plugin_dirs}, which needs no start
///   worker -> driver   hello {protocol, version, build} · ready · refused {kind, text, exit_code, diagnostics}
///                      beat · epoch {step, metrics, seconds} · static {metrics}
///                      evaluation {evaluation, rss_bytes, peak_rss_bytes, open_files}
///                      config_error {diagnostics} · exit_error {text, exit_code} · description {description}
///                      checked {findings}
namespace dsnn::execution {

/// A map with the key "message".
Value message(const char* name, Value::Map members = {});
/// Value of the key "message", "" when there is none.
std::string name_of(const Value& message);

Value to_value(const TrialRequest& request);
Value to_value(const Evaluation& evaluation);
Value to_value(const std::vector<Metric>& metrics);
Value to_value(const std::vector<Diagnostic>& diagnostics);
Value to_value(const Description& description);
Value to_value(const Findings& findings);

/// The inverse. They throw std::invalid_argument when a member is missing or of another type.
TrialRequest request_from(const Value& value);
Evaluation evaluation_from(const Value& value);
std::vector<Metric> metrics_from(const Value& value);
std::vector<Diagnostic> diagnostics_from(const Value& value);
Description description_from(const Value& value);
Findings findings_from(const Value& value);

using store::reading_from;
using store::to_value;

}  // namespace dsnn::execution
