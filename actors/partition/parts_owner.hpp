#pragma once

#include <memory>
#include <string>

namespace tidegate::actors {

/// The offset actor as its parts see it. They say what happened; who goes on with it, and in which order, is written
/// there. Thread: the actor's.
class parts_owner {
 public:
  /// The log has another state, which is not served yet.
  virtual void log_loaded() = 0;
  /// There is a machine from now on, until a reload.
  virtual void log_served() = 0;
  /// What a write did is not known. Whoever waits for it is answered or parked, and the log is loaded again.
  virtual void reload(const std::string& reason) = 0;

  /// Everybody may see more records. `rolled`: the first of them began a file.
  virtual void records_stored(bool rolled) = 0;
  /// Older files are known now, or cannot be listed.
  virtual void older_files_listed(bool is_ok) = 0;
  /// Nothing works on closed files any more, or on what is left of them.
  virtual void merge_ended() = 0;
  /// A unit of a trim is stored; there may be deletes still to come.
  virtual void log_start_decided() = 0;
  virtual void trim_ended() = 0;

  /// Something was decided while the node stops: if it was the last, the actor goes.
  virtual void close_when_decided() = 0;
  /// Nothing is on its way, and nobody waits.
  [[nodiscard]] virtual bool is_quiet() = 0;
  /// The end of the actor. `held` is let go when nothing of it is on its way to the store any more.
  virtual void end(std::shared_ptr<void> held) = 0;

 protected:
  ~parts_owner() = default;
};

}  // namespace tidegate::actors
