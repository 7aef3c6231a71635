#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "dsnn/build_info.h"
#include "dsnn/config_view.h"
#include "dsnn/error.h"
#include "dsnn/factory.h"
#include "dsnn/kind.h"
#include "dsnn/manifest_text.h"
#include "dsnn/schema.h"
#include "dsnn/version.h"

#define DSNN_EXPORT __attribute__((visibility("default")))

extern "C" {

/// How a call into a plugin ended. Codes: 0 good, 1 the configuration is at fault (`where` = "path"), 2 anything else.
struct dsnn_status {
  int32_t code;
  char where[512];
  char text[3072];
};

struct dsnn_component {
  const char* kind;
  const char* name;
  /// A new object as a pointer to the kind's interface, or null with a filled status. Never throws.
  void* (*create)(const dsnn::ConfigView* section, const dsnn::ComponentFactory* factory, dsnn_status* status);
  /// Can this machine run it? Code 0 = yes; else `text` says why not. Creates no CUDA context.
  void (*probe)(dsnn_status* status);
};

struct dsnn_entry {
  uint32_t abi;  ///< dsnn::kManifestVersion
  uint32_t count;
  const dsnn_component* components;
};

}  // extern "C"

namespace dsnn {

/// Options of one component.
struct ComponentOptions {
  bool default_for_kind = false;  ///< taken when the experiment leaves the section out
  bool needs_cuda = false;
  int interface_version = 1;
  const Schema* sections = nullptr;  ///< evaluators: the top-level sections of an experiment they add
  std::string_view note{};           ///< one more sentence for `describe`
};

struct ComponentDeclaration {
  const Schema* schema = nullptr;
  Kind kind{};
  bool needs_torch = false;
  ComponentOptions options{};
  const char* name_z = nullptr;
  void* (*create)(const ConfigView*, const ComponentFactory*, dsnn_status*) = nullptr;
  void (*probe)(dsnn_status*) = nullptr;
};

namespace plugin_detail {

inline void fill(dsnn_status* status, int code, const std::string& where, const std::string& text) {
  status->code = code;
  std::snprintf(status->where, sizeof status->where, "%s", where.c_str());
  std::snprintf(status->text, sizeof status->text, "%s", text.c_str());
}

/// The exception firewall: nothing thrown by a constructor crosses the C entry.
template <class T>
void* create(const ConfigView* section, const ComponentFactory* factory, dsnn_status* status) {
  fill(status, 0, "", "");
  try {
    std::unique_ptr<typename T::Interface> made;
    if constexpr (std::is_constructible_v<T, const ConfigView&, const ComponentFactory&>) {
      made = std::make_unique<T>(*section, *factory);
    } else if constexpr (std::is_constructible_v<T, const ConfigView&>) {
      made = std::make_unique<T>(*section);
    } else {
      made = std::make_unique<T>();
    }
    return made.release();
  } catch (const ConfigError& e) {
    const Diagnostic& first = e.diagnostics().front();
    fill(status, 1, to_string(first.where), first.hint.empty() ? first.message : first.message + "; " + first.hint);
  } catch (const std::exception& e) {
    fill(status, 2, "", e.what());
  } catch (...) {
    fill(status, 2, "", "it threw something that is no std::exception");
  }
  return nullptr;
}

template <class T>
void probe(dsnn_status* status) {
  fill(status, 0, "", "");
  if constexpr (requires { T::probe_machine(); }) {
    try {
      const std::string why_not = T::probe_machine();  // empty = yes
      if (!why_not.empty()) fill(status, 2, "", why_not);
    } catch (const std::exception& e) {
      fill(status, 2, "", e.what());
    }
  }
}

constexpr void append_component(std::string& out, const ComponentDeclaration& c) {
  using namespace manifest_text;
  append(out, "{\"kind\":");
  append_string(out, name_of(c.kind));
  append_text(out, "name", c.schema->name());
  append_text(out, "summary", c.schema->summary());
  append_text(out, "note", c.options.note);
  append(out, ",\"interface_version\":");
  append_integer(out, c.options.interface_version);
  append_flag(out, "needs_torch", c.needs_torch);
  append_flag(out, "needs_cuda", c.options.needs_cuda);
  append_flag(out, "default_for_kind", c.options.default_for_kind);
  append(out, ",\"schema\":");
  append_fields(out, c.schema->fields().data(), c.schema->fields().size());
  if (c.options.sections != nullptr) {
    append(out, ",\"sections\":");
    append_fields(out, c.options.sections->fields().data(), c.options.sections->fields().size());
  }
  append(out, ",\"metrics\":");
  append_metrics(out, c.schema->metrics());
  out.push_back('}');
}

constexpr std::string manifest(std::string_view name, std::string_view version, std::string_view licence,
                               const ComponentDeclaration* components, size_t count) {
  using namespace manifest_text;
  std::string out;
  append(out, "{\"manifest\":");
  append_integer(out, kManifestVersion);
  append(out, ",\"plugin\":{\"name\":");
  append_string(out, name);
  append_text(out, "version", version);
  append_text(out, "licence", licence);
  append(out, "},\"build\":");
  append(out, DSNN_BUILD_JSON);
  append(out, ",\"components\":[");
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) out.push_back(',');
    append_component(out, components[i]);
  }
  append(out, "]}\n");
  return out;
}

template <class Text>
constexpr auto frozen() {
  constexpr size_t size = Text::make().size();
  std::array<char, size> text{};
  const std::string made = Text::make();
  for (size_t i = 0; i < size; ++i) text[i] = made[i];
  return text;
}

}  // namespace plugin_detail

/// One component of a plugin: `component<Sgd>(kSchema)` with `Sgd` derived from its interface and constructible from
/// (), (const ConfigView&) or (const ConfigView&, const ComponentFactory&). An optional static
/// `std::string T::probe_machine()` returns why this machine cannot run it ("" = it can).
template <class T>
constexpr ComponentDeclaration component(const Schema& schema, ComponentOptions options = {}) {
  return {.schema = &schema,
          .kind = T::Interface::kKind,
          .needs_torch = T::Interface::kNeedsTorch || DSNN_BUILD_WITH_TORCH,
          .options = options,
          .name_z = schema.name().data(),  // a literal: zero-terminated
          .create = &plugin_detail::create<T>,
          .probe = &plugin_detail::probe<T>};
}

}  // namespace dsnn

/// The whole declaration of a plugin file: name, version, licence, components. Once per shared library, at namespace
/// scope, outside any namespace. Writes the manifest into the ELF section `.dsnn_manifest` and defines the entry.
#define DSNN_PLUGIN(plugin_name, plugin_version, plugin_licence, ...)                                        \
  namespace {                                                                                                \
  constexpr ::dsnn::ComponentDeclaration dsnn_declarations[] = {__VA_ARGS__};                                \
  constexpr size_t dsnn_declaration_count = sizeof dsnn_declarations / sizeof dsnn_declarations[0];          \
  struct dsnn_manifest_source {                                                                              \
    static constexpr std::string make() {                                                                    \
      return ::dsnn::plugin_detail::manifest(plugin_name, plugin_version, plugin_licence, dsnn_declarations, \
                                             dsnn_declaration_count);                                        \
    }                                                                                                        \
  };                                                                                                         \
  __attribute__((section(".dsnn_manifest"), used)) constexpr auto dsnn_manifest =                            \
      ::dsnn::plugin_detail::frozen<dsnn_manifest_source>();                                                 \
  template <size_t N>                                                                                        \
  constexpr std::array<dsnn_component, N> dsnn_table(const ::dsnn::ComponentDeclaration (&from)[N]) {        \
    std::array<dsnn_component, N> to{};                                                                      \
    for (size_t i = 0; i < N; ++i) {                                                                         \
      to[i] = {::dsnn::kKindNames[static_cast<size_t>(from[i].kind)].data(), from[i].name_z, from[i].create, \
               from[i].probe};                                                                               \
    }                                                                                                        \
    return to;                                                                                               \
  }                                                                                                          \
  constexpr auto dsnn_components_table = dsnn_table(dsnn_declarations);                                      \
  constexpr dsnn_entry dsnn_entry_table = {::dsnn::kManifestVersion, dsnn_components_table.size(),           \
                                           dsnn_components_table.data()};                                    \
  }                                                                                                          \
  extern "C" DSNN_EXPORT const dsnn_entry* dsnn_plugin_v1(void);                                             \
  extern "C" const dsnn_entry* dsnn_plugin_v1(void) { return &dsnn_entry_table; }                            \
  static_assert(true, "")
