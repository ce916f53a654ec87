//! Ids in requests.

use crate::server::error::ApiError;
use std::str::FromStr;

/// The id of something that a request names. Nothing has an id of another form.
///
/// # Errors
/// [`ApiError::NotFound`]
pub fn named<T: FromStr>(text: &str, what: &'static str) -> Result<T, ApiError> {
    // As the database answers to other texts of a request that hold one.
    if text.contains('\0') {
        return Err(ApiError::unstorable());
    }
    text.parse().map_err(|_| ApiError::NotFound { what })
}

/// The id that a filter asks for; none if it is empty.
///
/// # Errors
/// One that nothing has.
pub fn wanted<T: FromStr>(text: &str) -> Result<Option<T>, T::Err> {
    Some(text).filter(|text| !text.is_empty()).map(str::parse).transpose()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use crate::server::ids::ModelId;

    #[test]
    fn a_nul_is_refused_and_another_form_is_nobodys() {
        let refused = |text| named::<ModelId>(text, "model").unwrap_err().code().to_owned();
        assert_eq!(
            (refused("a\0"), refused("a")),
            ("bad-request".into(), "not-found".into())
        );
        assert_eq!(
            (wanted::<ModelId>(""), wanted::<ModelId>("a").is_err()),
            (Ok(None), true)
        );
    }
}
