import { comparisons, words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/** text, varchar, char(n), name and "char". */
export const textFunctions: FunctionFamily = {
  name: 'text',
  total: [
    ...words(
      'hashtext hashtextextended hashbpchar hashbpcharextended hashname hashnameextended hashchar hashcharextended',
    ),
    ...words('textsend varcharsend bpcharsend'),
    ...words('texteq textne text_lt text_le text_gt text_ge'),
    ...comparisons('bpchar', 'name', 'char'),
    ...words('nameeqtext namenetext namelttext nameletext namegttext namegetext'),
    ...words('texteqname textnename textltname textlename textgtname textgename'),
    ...words('text_pattern_lt text_pattern_le text_pattern_gt text_pattern_ge text_starts_with'),
    ...words('bpchar_pattern_lt bpchar_pattern_le bpchar_pattern_gt bpchar_pattern_ge'),
    ...words('textcat textlen bpcharlen textoctetlen bpcharoctetlen lower upper initcap casefold'),
    ...words('btrim btrim1 ltrim ltrim1 rtrim rtrim1 textpos text_left text_right text_reverse'),
    ...words('text_larger text_smaller bpchar_larger bpchar_smaller'),
    ...words('translate md5_text quote_ident quote_literal quote_nullable ascii'),
    ...words('char_text text_char name_text text_name char_bpchar name_bpchar bpchar_name i4tochar chartoi4'),
  ],
  fallible: [
    // Length coercions: an implicit one that would cut more than blanks is 22001.
    ...words('varchar bpchar'),
    // Concatenations and repetitions that could outgrow a value, and positions that can be refused.
    ...words('repeat replace_text lpad rpad text_substr text_substr_no_len textoverlay textoverlay_no_len'),
    ...words(
      'split_part chr unistr parse_ident unicode_normalize_func unicode_is_normalized unicode_assigned',
    ),
  ],
};
