//! NumPy `.npz` archives: `.npy` files by name, stored or deflated.

use crate::error::CliError;
use crate::files::MAX_DATA;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// First bytes of an archive.
pub const MAGIC: &[u8] = b"PK\x03\x04";
/// Most arrays of an archive.
const MAX_ARRAYS: usize = 256;

/// The `.npy` files of an archive by their names, without the ending.
pub fn arrays(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, CliError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| bad(e.to_string()))?;
    if archive.len() > MAX_ARRAYS {
        return Err(bad(format!(
            "{} arrays, at most {MAX_ARRAYS} are accepted",
            archive.len()
        )));
    }
    let mut arrays = BTreeMap::new();
    let mut left = MAX_DATA;
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|e| bad(e.to_string()))?;
        let name = file.name().strip_suffix(".npy").map(str::to_owned);
        let name = name.ok_or_else(|| bad(format!("it holds `{}`, which is no array", file.name())))?;
        // What it says of its size is not believed.
        let mut array = vec![];
        file.take(left + 1)
            .read_to_end(&mut array)
            .map_err(|e| bad(e.to_string()))?;
        left = left
            .checked_sub(array.len() as u64)
            .ok_or_else(|| bad(format!("it holds more than {MAX_DATA} bytes")))?;
        if arrays.insert(name.clone(), array).is_some() {
            return Err(bad(format!("it holds `{name}` twice")));
        }
    }
    Ok(arrays)
}

fn bad(reason: String) -> CliError {
    CliError::usage(
        "npz",
        format!("not a usable .npz file: {reason}"),
        "save with numpy.savez, one array for each input by its name",
    )
}
