//! What all types of ids have, and the forms that several share.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $has_form:expr, $form:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(String);

        impl $name {
            /// One whose form is known: it was made here, or the service wrote it down.
            pub fn known(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let has_form: fn(&str) -> bool = $has_form;
                match has_form(text) {
                    true => Ok(Self(text.into())),
                    false => Err($form),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

/// Made by [`new_id`]: they sort by when they were made. Nobody relies on more of their form than that it is letters and digits.
macro_rules! made {
    ($(#[$doc:meta])* $name:ident) => {
        id! {
            $(#[$doc])*
            $name,
            |text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric()),
            "letters and digits are expected".into()
        }

        impl $name {
            pub fn fresh() -> Self {
                Self(new_id())
            }
        }
    };
}

/// Digests of 32 bytes.
macro_rules! digest {
    ($(#[$doc:meta])* $name:ident) => {
        id! {
            $(#[$doc])*
            $name,
            |text| text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
            "a digest is 64 lower-case hexadecimal digits".into()
        }

        impl From<[u8; 32]> for $name {
            fn from(digest: [u8; 32]) -> Self {
                Self(hex(&digest))
            }
        }
    };
}
