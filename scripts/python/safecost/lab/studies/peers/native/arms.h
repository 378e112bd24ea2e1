/* A plugin's variants as peers time them: a kernel and the contexts that it is called with in turn.
 *
 * Plain C, as one peer is written in Rust. */
#ifndef SAFECOST_PEERS_ARMS_H
#define SAFECOST_PEERS_ARMS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct peers_arm {
  uint64_t (*run)(void* context);
  void** contexts;
  size_t count;
} peers_arm;

/* Loads a variant of a plugin, and prepares a context for each input of its pool, the same inputs as the runner's.
 * Ends the process with a sentence where that fails. The environment names the plugin: PEERS_PLUGIN, PEERS_DATA, PEERS_SIZE,
 * PEERS_POOL_BYTES, PEERS_FEWEST_INPUTS. */
peers_arm peers_load(const char* variant);

#ifdef __cplusplus
}
#endif

#endif
