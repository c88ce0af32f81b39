//! Which formats of numbers show moments.

/// What a number is shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Number,
    Moment,
    /// Hours that may be more than a day has.
    Span,
}

impl Shape {
    /// ECMA-376, 18.8.30.
    pub(super) fn built_in(id: &str) -> Shape {
        match id.parse::<u32>() {
            Ok(14..=22 | 27..=36 | 45 | 47 | 50..=58) => Shape::Moment,
            Ok(46) => Shape::Span,
            Ok(_) | Err(_) => Shape::Number,
        }
    }

    /// Days, hours and the like stand for themselves only outside of quotes and brackets; the first section decides.
    pub(super) fn of_code(code: &str) -> Shape {
        let mut signs = code.chars();
        while let Some(sign) = signs.next() {
            match sign.to_ascii_lowercase() {
                ';' => return Shape::Number,
                '\\' | '_' | '*' => drop(signs.next()),
                '"' => drop(signs.by_ref().find(|sign| *sign == '"')),
                '[' => {
                    let inside: String = signs.by_ref().take_while(|sign| *sign != ']').collect();
                    let unit = inside.to_ascii_lowercase();
                    if ["h", "hh", "m", "mm", "s", "ss"].contains(&unit.as_str()) {
                        return Shape::Span;
                    }
                }
                'd' | 'm' | 'y' | 'h' | 's' => return Shape::Moment,
                _ => {}
            }
        }
        Shape::Number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_dates_are_told_from_those_of_numbers() {
        let check = |codes: &[&str], shape| {
            for code in codes {
                assert_eq!(Shape::of_code(code), shape, "{code}");
            }
        };
        check(
            &[
                "dd.mm.yyyy",
                "[$-419]d mmmm yyyy",
                "h:mm",
                "yyyy\\-mm\\-dd;@",
                "DD/MM/YY",
            ],
            Shape::Moment,
        );
        check(&["[h]:mm:ss", "[Blue][mm]:ss"], Shape::Span);
        check(
            &[
                "General",
                "0",
                "#,##0\\ [$₽-419]",
                "+0\" (days) \"000-00-00",
                "[<=9999999]###-####;(###) ###-####",
                "0.00E+00",
                "[Red]0;\\-0",
                "#,##0*d",
                "@",
                "\"d",
                "[",
            ],
            Shape::Number,
        );
        assert_eq!(Shape::built_in("14"), Shape::Moment);
        assert_eq!(Shape::built_in("46"), Shape::Span);
        assert_eq!(Shape::built_in("49"), Shape::Number);
        assert_eq!(Shape::built_in("x"), Shape::Number);
    }
}
