//! What witnesses signed of the log.

use super::Db;
use crate::server::error::ApiError;
use sqlx::any::AnyRow;
use sqlx::Row;

/// Checkpoints with cosignatures that are kept: the newest.
const KEPT: i64 = 1000;
/// Rows of one answer.
const MOST: i64 = 4096;

/// One witness's line under one checkpoint of the log.
#[derive(Clone, Debug)]
pub struct Cosignature {
    pub size: i64,
    /// The checkpoint as the log alone signed it.
    pub note: String,
    /// Public key.
    pub witness: String,
    pub line: String,
}

impl Db {
    /// Keeps cosignatures of the log under `key`; later ones of the same witness and checkpoint replace earlier ones.
    pub async fn add_cosignatures(&self, key: &str, new: &[Cosignature]) -> Result<(), ApiError> {
        let mut tx = self.begin().await?;
        for new in new {
            sqlx::query(
                "INSERT INTO cosignatures (log, size, witness, note, line) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (log, size, witness) DO UPDATE SET line = EXCLUDED.line",
            )
            .bind(key)
            .bind(new.size)
            .bind(&new.witness)
            .bind(&new.note)
            .bind(&new.line)
            .execute(&mut *tx)
            .await?;
        }
        sqlx::query(
            "DELETE FROM cosignatures WHERE log = $1 AND size <=
                 (SELECT size FROM cosignatures WHERE log = $1 GROUP BY size ORDER BY size DESC LIMIT 1 OFFSET $2)",
        )
        .bind(key)
        .bind(KEPT)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Cosignatures of the log's checkpoints of at least `least` and at most `most` entries, the newest checkpoint first.
    pub async fn cosignatures(&self, key: &str, least: i64, most: i64) -> Result<Vec<Cosignature>, ApiError> {
        let rows = sqlx::query(
            "SELECT size, note, witness, line FROM cosignatures WHERE log = $1 AND size >= $2 AND size <= $3
             ORDER BY size DESC, witness LIMIT $4",
        )
        .bind(key)
        .bind(least)
        .bind(most)
        .bind(MOST)
        .fetch_all(&self.read)
        .await?;
        let cosignature = |row: &AnyRow| {
            Ok(Cosignature {
                size: row.try_get("size")?,
                note: row.try_get("note")?,
                witness: row.try_get("witness")?,
                line: row.try_get("line")?,
            })
        };
        rows.iter().map(cosignature).collect()
    }
}
