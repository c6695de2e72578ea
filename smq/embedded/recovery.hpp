#pragma once

#include "smq/embedded/index.hpp"
#include "smq/embedded/volumes.hpp"
#include "smq/embedded/window.hpp"

/// Reading windows back from the volume files.
namespace tidegate::smq::embedded {

struct window_place {
  std::uint32_t volume = 0;
  std::uint64_t position = 0;
  window_header header;

  [[nodiscard]] std::string text() const {
    return "volume " + std::to_string(volume) + ", position " + std::to_string(position);
  }
};

/// Why a start refuses a window.
std::string unreadable_at(const window_place& w, const std::string& error);

/// What a start does with what it finds.
struct recovery_plan {
  std::string error;  // it refuses, and changes nothing
  std::vector<window_place> windows;  // to replay, in order
  window_place end;                   // where the next window goes
  std::uint64_t synced_seq = 0;       // windows up to this one need not be made durable again
  std::uint64_t cut_bytes = 0;        // torn tail behind `end` that was never acknowledged and goes
  std::uint64_t zero_bytes = 0;       // or zeros that were written ahead, which go, too
};

/// Changes nothing.
recovery_plan plan_recovery(volumes& files, const index& entries, const uuid& store);

/// A mutation section and the bytes that its records are in. May be used for one window after the other.
struct section_buffer {
  byte_buffer bytes;
  mutation_section what;
  bool is_whole = false;  // the bytes match their CRC: what read_section() then says is no torn write
};

/// `never_names_chunks`: see options. Errors: a text.
std::string replay_window(volumes& files, index& entries, const window_place& w, section_buffer& buffer,
                          const std::function<bool(std::string_view path)>& never_names_chunks = {});

/// The header at a position. Errors: nullopt, also when the window does not fit into the file.
std::optional<window_header> read_header(volumes& files, std::uint32_t volume, std::uint64_t position,
                                         std::uint64_t size);

/// Of a position where read_header() finds nothing: a whole header of this store that a newer version wrote, also when
/// its window was torn. False also when it cannot be read.
bool is_newer_window(volumes& files, const uuid& store, const window_place& at);

/// The first header behind `from` (exclusive), in this volume and the later ones, of window `seq` or one after it, and
/// of any version: of its fields only `store` and `seq` are set.
std::optional<window_place> find_later_window(volumes& files, const uuid& store, const window_place& from,
                                              std::uint64_t seq);

/// Reads and checks the mutation section. Errors: a text.
std::string read_section(volumes& files, const window_place& at, section_buffer& into);

/// Compares the chunk bytes with their CRCs. Errors: a text.
std::string verify_chunks(volumes& files, const window_place& at, const mutation_section& section);

}  // namespace tidegate::smq::embedded
