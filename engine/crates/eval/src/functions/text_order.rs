//! Comparisons of text, char(n), name and "char". Strings compare by code point, which is the order of their bytes.

use crate::registry::{Function, comparisons, total};

/// char(n) compares without trailing blanks.
fn unpadded(text: &str) -> &str {
    text.trim_end_matches(' ')
}

pub(super) const FUNCTIONS: &[&[Function]] = &[
    &comparisons!(Text, Text, ["texteq", "textne", "text_lt", "text_le", "text_gt", "text_ge"], |a, b| a
        .cmp(b)),
    &comparisons!("bpchar", Text, Text, |a, b| unpadded(a).cmp(unpadded(b))),
    &comparisons!("name", Text, Text, |a, b| a.cmp(b)),
    &comparisons!("char", Text, Text, |a, b| a.cmp(b)),
    &comparisons!(
        Text,
        Text,
        ["nameeqtext", "namenetext", "namelttext", "nameletext", "namegttext", "namegetext"],
        |a, b| a.cmp(b)
    ),
    &comparisons!(
        Text,
        Text,
        ["texteqname", "textnename", "textltname", "textlename", "textgtname", "textgename"],
        |a, b| a.cmp(b)
    ),
    &[
        total!("text_pattern_lt", (a: Text, b: Text) => a < b),
        total!("text_pattern_le", (a: Text, b: Text) => a <= b),
        total!("text_pattern_gt", (a: Text, b: Text) => a > b),
        total!("text_pattern_ge", (a: Text, b: Text) => a >= b),
        total!("bpchar_pattern_lt", (a: Text, b: Text) => unpadded(a) < unpadded(b)),
        total!("bpchar_pattern_le", (a: Text, b: Text) => unpadded(a) <= unpadded(b)),
        total!("bpchar_pattern_gt", (a: Text, b: Text) => unpadded(a) > unpadded(b)),
        total!("bpchar_pattern_ge", (a: Text, b: Text) => unpadded(a) >= unpadded(b)),
        total!("text_larger", (a: Text, b: Text) => if a > b { a } else { b }),
        total!("text_smaller", (a: Text, b: Text) => if a < b { a } else { b }),
        total!("bpchar_larger", (a: Text, b: Text) => if unpadded(a) >= unpadded(b) { a } else { b }),
        total!("bpchar_smaller", (a: Text, b: Text) => if unpadded(a) <= unpadded(b) { a } else { b }),
    ],
];
