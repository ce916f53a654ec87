//! Entries and head of the transparency log.

use super::Db;
use crate::bytes::hex32;
use crate::server::clock::Millis;
use crate::server::error::ApiError;
use crate::server::ids::ObjectDigest;
use crate::server::tlog::renew::EarlierKey;
use crate::server::tlog::stop::Stop;
use crate::server::tlog::{count, entry, Head};
use provenn_verifier::tlog::Entry;
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

impl Db {
    /// Fixes the log's public key, or compares it with the one that is fixed.
    ///
    /// # Errors
    /// [`ApiError::Internal`] if the log was started under another key.
    pub async fn log_key(&self, key: &str) -> Result<(), ApiError> {
        sqlx::query("UPDATE log_head SET key = $1 WHERE id = 1 AND key = ''")
            .bind(key)
            .execute(&self.write)
            .await?;
        match self.log_head().await?.key {
            known if known == key => Ok(()),
            known => Err(ApiError::Internal(format!(
                "the log was started under the key {known}, this process has {key}: give all processes the same log.key; \
                 if `provenn log renew` broke off, run it again"
            ))),
        }
    }

    pub async fn log_head(&self) -> Result<Head, ApiError> {
        let row = sqlx::query("SELECT entries, size, checkpoint, key, stopped FROM log_head WHERE id = 1")
            .fetch_one(&self.read)
            .await?;
        Ok(Head {
            entries: row.try_get("entries")?,
            size: row.try_get("size")?,
            checkpoint: row.try_get("checkpoint")?,
            key: row.try_get("key")?,
            stopped: match row.try_get("stopped")? {
                "" => None,
                // Written by a later version: no reason to sign.
                why => Some(Stop::parse(why).unwrap_or(Stop::Restored)),
            },
        })
    }

    /// Lets no process sign from now on.
    pub async fn log_stop(&self, why: Stop) -> Result<(), ApiError> {
        sqlx::query("UPDATE log_head SET stopped = $1 WHERE id = 1")
            .bind(why.name())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Lets the log sign again, from a size up to which its tiles are there.
    pub async fn log_resume(&self, size: u64) -> Result<(), ApiError> {
        sqlx::query("UPDATE log_head SET stopped = '', size = $1 WHERE id = 1")
            .bind(i64::try_from(size).unwrap_or(i64::MAX))
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Puts another key in place of the log's: the same entries, nothing signed. The old one is kept with its newest note.
    pub async fn log_renew(&self, old: &EarlierKey, new: &str) -> Result<(), ApiError> {
        let mut tx = self.begin().await?;
        sqlx::query("INSERT INTO log_keys (key, checkpoint, ended) VALUES ($1, $2, $3)")
            .bind(&old.key)
            .bind(&old.checkpoint)
            .bind(old.ended)
            .execute(&mut *tx)
            .await?;
        sqlx::query("UPDATE log_head SET key = $1, size = 0, checkpoint = '', stopped = '' WHERE id = 1 AND key = $2")
            .bind(new)
            .bind(&old.key)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// The keys that the log had before, the first first.
    pub async fn log_keys(&self) -> Result<Vec<EarlierKey>, ApiError> {
        let rows = sqlx::query("SELECT key, checkpoint, ended FROM log_keys ORDER BY ended, key")
            .fetch_all(&self.read)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(EarlierKey {
                    key: row.try_get("key")?,
                    checkpoint: row.try_get("checkpoint")?,
                    ended: row.try_get("ended")?,
                })
            })
            .collect()
    }

    /// How many entries no checkpoint covers yet, and since when the oldest of them waits.
    pub async fn log_pending(&self) -> Result<(i64, Option<Millis>), ApiError> {
        let row = sqlx::query(
            "SELECT h.entries - h.size AS pending, (SELECT created FROM log_entries WHERE idx = h.size) AS since
             FROM log_head h WHERE h.id = 1",
        )
        .fetch_one(&self.read)
        .await?;
        Ok((row.try_get("pending")?, row.try_get("since")?))
    }

    /// Entries `first..end`.
    pub async fn log_entries(&self, first: u64, end: u64) -> Result<Vec<Entry>, ApiError> {
        let bound = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let rows = sqlx::query("SELECT kind, digest FROM log_entries WHERE idx >= $1 AND idx < $2 ORDER BY idx")
            .bind(bound(first))
            .bind(bound(end))
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(from_row).collect()
    }

    /// The first entry about something, with its index.
    pub async fn log_entry(&self, digest: &ObjectDigest) -> Result<Option<(u64, Entry)>, ApiError> {
        let row = sqlx::query("SELECT idx, kind, digest FROM log_entries WHERE digest = $1 ORDER BY idx LIMIT 1")
            .bind(digest)
            .fetch_optional(&self.read)
            .await?;
        row.map(|row| Ok((count(row.try_get("idx")?)?, from_row(&row)?)))
            .transpose()
    }

    /// Adds entries behind the first `have`, if these are all.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`] if there are others meanwhile.
    pub async fn log_restore(&self, have: u64, entries: &[(&str, ObjectDigest)], now: Millis) -> Result<(), ApiError> {
        let mut tx = self.begin().await?;
        for (kind, digest) in entries {
            append(&mut tx, kind, digest, now).await?;
        }
        let row = sqlx::query("SELECT entries FROM log_head WHERE id = 1")
            .fetch_one(&mut *tx)
            .await?;
        match count(row.try_get("entries")?)? == have + entries.len() as u64 {
            true => Ok(tx.commit().await?),
            false => Err(ApiError::Unavailable("the log grew while it was read back".into())),
        }
    }

    /// Serves a checkpoint of the log's key from now on, unless a later one is served already, or the log was stopped meanwhile.
    pub async fn set_checkpoint(&self, size: u64, note: &str, key: &str) -> Result<(), ApiError> {
        let serve = "UPDATE log_head SET size = $1, checkpoint = $2 WHERE id = 1 AND (size < $1 OR checkpoint = '') AND key = $3 AND stopped = ''";
        sqlx::query(serve)
            .bind(i64::try_from(size).unwrap_or(i64::MAX))
            .bind(note)
            .bind(key)
            .execute(&self.write)
            .await?;
        Ok(())
    }
}

fn from_row(row: &AnyRow) -> Result<Entry, ApiError> {
    let digest = hex32(row.try_get("digest")?).map_err(ApiError::Internal)?;
    Ok(entry(row.try_get("kind")?, digest))
}

/// Gives something that is published its place in the log, within the transaction that publishes it.
pub(super) async fn append(
    tx: &mut Transaction<'static, Any>,
    kind: &str,
    digest: &ObjectDigest,
    now: Millis,
) -> Result<(), ApiError> {
    let entries: i64 = sqlx::query("UPDATE log_head SET entries = entries + 1 WHERE id = 1 RETURNING entries")
        .fetch_one(&mut **tx)
        .await?
        .try_get("entries")?;
    sqlx::query("INSERT INTO log_entries (idx, kind, digest, created) VALUES ($1, $2, $3, $4)")
        .bind(entries - 1)
        .bind(kind)
        .bind(digest)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
impl Db {
    /// Adds entries as publications do.
    pub async fn log_these(&self, digests: &[ObjectDigest]) -> Result<(), ApiError> {
        let mut tx = self.begin().await?;
        for digest in digests {
            append(&mut tx, "receipt", digest, 0).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Keeps every reader waiting.
    pub async fn no_reads(&self) -> Vec<sqlx::pool::PoolConnection<Any>> {
        let mut held = Vec::new();
        for _ in 0..self.read.options().get_max_connections() {
            held.push(self.read.acquire().await.unwrap());
        }
        held
    }

    /// Changes what a crash or a restored backup would: the state of the head, and what the entries were.
    pub async fn log_reset(&self, size: u64, entries: u64) -> Result<(), ApiError> {
        for (query, bound) in [
            ("UPDATE log_head SET size = $1 WHERE id = 1", size),
            ("UPDATE log_head SET entries = $1 WHERE id = 1", entries),
            ("DELETE FROM log_entries WHERE idx >= $1", entries),
        ] {
            sqlx::query(query)
                .bind(i64::try_from(bound).unwrap_or(i64::MAX))
                .execute(&self.write)
                .await?;
        }
        Ok(())
    }
}
