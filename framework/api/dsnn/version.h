#pragma once

/// Every version number of the project, in one place. A change of any of them is a line in CHANGELOG.md.
namespace dsnn {

inline constexpr const char* kVersion = "0.3.0";    ///< of the program
inline constexpr const char* kLanguage = "dsnn/1";  ///< experiment language, value of the key `schema`
inline constexpr int kManifestVersion = 1;          ///< JSON in the ELF section `.dsnn_manifest`
inline constexpr int kStoreVersion = 1;             ///< SQLite user_version
inline constexpr int kProtocolVersion = 2;          ///< driver <-> worker messages
inline constexpr int kCheckpointVersion = 2;        ///< checkpoint.json
inline constexpr int kReportVersion = 1;            ///< JSON embedded in report.html

}  // namespace dsnn
