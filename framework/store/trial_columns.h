#pragma once

#include <array>
#include <string_view>

namespace dsnn::store {

/// Columns that every trial table begins with; the columns of budget axes, parameters, objectives, constraints and
/// metrics follow. No name in an experiment may be one of these.
inline constexpr std::array<std::string_view, 7> kTrialColumns = {"number",    "parent",  "origin", "state",
                                                                  "fail_kind", "bracket", "rung"};
/// Columns of the full table only, before the measured metrics.
inline constexpr std::array<std::string_view, 14> kAttemptColumns = {
    "root", "replicate",  "seed",       "resource",    "attempts", "preemptions",    "worker",
    "host", "claimed_us", "started_us", "finished_us", "seconds",  "peak_rss_bytes", "message"};
/// The column of pareto.csv beside those of the trial table.
inline constexpr std::string_view kKneeColumn = "knee";

}  // namespace dsnn::store
