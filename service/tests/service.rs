//! The service from outside: requests in process, real workers and prover processes, SQLite in a temporary folder.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

#[path = "service/harness.rs"]
mod harness;

#[path = "service/process.rs"]
mod process;

#[path = "service/access.rs"]
mod access;
#[path = "service/admission.rs"]
mod admission;
#[path = "service/agreements.rs"]
mod agreements;
#[path = "service/batches.rs"]
mod batches;
#[path = "service/bundles.rs"]
mod bundles;
#[path = "service/cache.rs"]
mod cache;
#[path = "service/charges.rs"]
mod charges;
#[path = "service/colouring_life.rs"]
mod colouring_life;
#[path = "service/colourings.rs"]
mod colourings;
#[path = "service/connections.rs"]
mod connections;
#[path = "service/cosigned.rs"]
mod cosigned;
#[path = "service/cuts.rs"]
mod cuts;
#[path = "service/damage.rs"]
mod damage;
#[path = "service/disk.rs"]
mod disk;
#[path = "service/door.rs"]
mod door;
#[path = "service/dumps.rs"]
mod dumps;
#[path = "service/events.rs"]
mod events;
#[path = "service/fair.rs"]
mod fair;
#[path = "service/gc.rs"]
mod gc;
#[path = "service/headers.rs"]
mod headers;
#[path = "service/inputs.rs"]
mod inputs;
#[path = "service/ledger.rs"]
mod ledger;
#[path = "service/link.rs"]
mod link;
#[path = "service/lists.rs"]
mod lists;
#[path = "service/log_stop.rs"]
mod log_stop;
#[path = "service/malformed.rs"]
mod malformed;
#[path = "service/metrics.rs"]
mod metrics;
#[path = "service/missing.rs"]
mod missing;
#[path = "service/openapi.rs"]
mod openapi;
#[path = "service/page.rs"]
mod page;
#[path = "service/parties.rs"]
mod parties;
#[path = "service/parts.rs"]
mod parts;
#[path = "service/prover.rs"]
mod prover;
#[path = "service/queue.rs"]
mod queue;
#[path = "service/registry.rs"]
mod registry;
#[path = "service/removal.rs"]
mod removal;
#[path = "service/retention.rs"]
mod retention;
#[path = "service/schema.rs"]
mod schema;
#[path = "service/secrets.rs"]
mod secrets;
#[path = "service/segments.rs"]
mod segments;
#[path = "service/simulation.rs"]
mod simulation;
#[path = "service/stopping.rs"]
mod stopping;
#[path = "service/storage.rs"]
mod storage;
#[path = "service/submission.rs"]
mod submission;
#[path = "service/tlog.rs"]
mod tlog;
#[path = "service/turns.rs"]
mod turns;
#[path = "service/uploads.rs"]
mod uploads;
#[path = "service/versions.rs"]
mod versions;
#[path = "service/way.rs"]
mod way;
