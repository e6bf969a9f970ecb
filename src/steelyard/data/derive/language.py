"""What language a text is in, roughly: by its script, and by the commonest words of some European languages.

It is meant for "a share of the texts is no longer English", not for single texts: short texts, names and mixed
texts stay "unknown", near relatives (Danish and Norwegian) are mixed up, and languages that are not listed are
taken for the nearest one or for "unknown".
"""

from __future__ import annotations

import polars as pl

from steelyard.data.derive.words import LETTERS

UNKNOWN = "unknown"
FEWEST_HITS = 2
"""Stop words from which on a text is of a language, and they have to be this share of its words."""
SMALLEST_SHARE = 0.15
SCRIPTS = {
    "Latin": "A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ",
    "Greek": "Ͱ-Ͽἀ-῾",
    "Cyrillic": "Ѐ-ԯ",
    "Armenian": "Ա-֏",
    "Hebrew": "א-ת",
    "Arabic": "ؠ-يٱ-ۿݐ-ݿ",
    "Devanagari": "ऀ-ॿ",
    "Bengali": "ঀ-৿",
    "Tamil": "஀-௿",
    "Thai": "ก-๛",
    "Georgian": "Ⴀ-ჿ",
    "Hangul": "ᄀ-ᇿ가-힣",
    "Kana": "ぁ-ヿ",
    "Han": "一-鿿㐀-䶿",
}
"""Letters of each script, as ranges of a character class."""
ONE_LANGUAGE = {
    "Greek": "Greek",
    "Armenian": "Armenian",
    "Hebrew": "Hebrew",
    "Bengali": "Bengali",
    "Tamil": "Tamil",
    "Thai": "Thai",
    "Georgian": "Georgian",
    "Hangul": "Korean",
    "Kana": "Japanese",
    "Han": "Chinese",
}
"""Scripts that tell the language by themselves."""
STOP_WORDS = {
    "English": (
        "the of and to in is that it was for on are with as be this have from or had by not but what all were "
        "we when your can there an which their if will would my very you they i"
    ),
    "German": (
        "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden "
        "aus er hat dass sie nach wird bei noch wie einem über so zum war haben nur oder aber ich wir sehr"
    ),
    "French": (
        "de la le et les des en un du une que est pour qui dans par plus pas au sur ne se ce il sont avec "
        "mais comme ou si leur y dont elle nous vous je très cette été c'est"
    ),
    "Spanish": (
        "de la que el en y a los se del las un por con no una su para es al lo como más pero sus le ha me si "
        "sin sobre este ya entre cuando todo esta ser son dos también fue muy era yo"
    ),
    "Portuguese": (
        "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem "
        "à seu sua ou ser quando muito há nos já está eu também só pelo pela isso você"
    ),
    "Italian": (
        "di e il la che è per un in non una sono mi ho del si con le da ma come lo gli della nel anche più al "
        "se ha io questo era dei alla hanno molto perché essere stato i"
    ),
    "Dutch": (
        "de het een en van ik te dat die in is niet zijn op aan met als voor er maar om hem dan zou of wat "
        "mijn men dit zo door over ze zich bij ook tot je mij uit naar heb hoe heeft wordt"
    ),
    "Swedish": (
        "och det att i en jag hon som han på den med var sig för så till är men ett om hade de av icke mig du "
        "henne då sin nu har inte hans honom skulle hennes där min man ej vid kunde något från ut"
    ),
    "Danish": (
        "og i jeg det at en den til er som på de med han af for ikke der var mig sig men et har om vi min "
        "havde ham hun nu over da fra du ud sin dem os op man hans hvor eller hvad skal selv"
    ),
    "Norwegian": (
        "og i jeg det at en et den til er som på de med han av ikke der så var meg seg men har om vi min "
        "hadde hun nå over da ved fra du ut sin dem oss opp kan hans hvor eller hva skal selv noe bare etter"
    ),
    "Finnish": (
        "ja on ei se että hän oli mutta kun niin kuin jos mikä minä sinä tämä ole joka ovat olen myös vain "
        "sen tai nyt mitä siitä hänen minun jo voi sitten kaikki siellä ollut hyvin"
    ),
    "Polish": (
        "i w nie na się z do to że jest o jak a po co tak za od ale czy już jego tylko był było dla ja być ma "
        "przez przy są bardzo może tego jej mnie ich pod gdy ze"
    ),
    "Czech": (
        "a se v na je že o s z do i to k ve pro za by ale si po jako podle od jsem tak jeho však které nebo "
        "před už jen při být aby byl bylo jsou až také velmi není"
    ),
    "Hungarian": (
        "a az és hogy nem is egy van volt de ez csak meg már ha mint még azt ki el kell amely vagy itt nagyon "
        "lehet mert minden úgy után ezt akkor most"
    ),
    "Romanian": (
        "și de în a la cu nu pe o un din este că să mai pentru sau ce care au fost ca prin sunt dar se le "
        "după foarte era lui ei această acest am fi"
    ),
    "Turkish": (
        "ve bir bu da de için ile çok ne gibi daha o var kadar sonra ama olarak en ben değil mi olan her ki "
        "şey diye ya iyi sen olduğu oldu"
    ),
    "Russian": (
        "и в не на я быть он с что а по это она этот к но они мы весь который из у то за свой ты от так же "
        "для вы бы до как был было очень его только уже"
    ),
    "Ukrainian": (
        "і в не на я що з у та як це до за він але вона ми від по для так ти ж вже бути його й є про був було "
        "дуже або які який її"
    ),
    "Bulgarian": (
        "и на да в не се за от си са с по това е го му но ми тя той те че ще или как като още беше много има"
    ),
}
"""The commonest words of some languages."""


def scripts(texts: pl.Series) -> pl.Series:
    """The script most letters of each text are in; "none" without letters, null for missing."""
    frame = pl.DataFrame({"text": texts}).with_row_index("row")
    plain = pl.col("text").str.len_bytes() == pl.col("text").str.len_chars()
    latin = pl.when(pl.col("text").str.contains("[A-Za-z]")).then(pl.lit("Latin")).otherwise(pl.lit("none"))
    mixed = frame.filter(~plain)
    told = pl.concat(
        [
            frame.filter(plain).select("row", latin.alias("script")),
            mixed.select("row").with_columns(_scripts_by_letter(mixed["text"])),
        ]
    )
    return frame.join(told, on="row", how="left", maintain_order="left")["script"]


def _scripts_by_letter(texts: pl.Series) -> pl.Series:
    letters = pl.DataFrame({name: texts.str.count_matches(f"[{held}]") for name, held in SCRIPTS.items()})
    most = pl.max_horizontal(*SCRIPTS)
    named = pl.lit("none")
    for name in reversed(SCRIPTS):
        named = pl.when((pl.col(name) == most) & (most > 0)).then(pl.lit(name)).otherwise(named)
    return letters.select(named.alias("script"))["script"]


def languages(script: pl.Series, words: pl.DataFrame) -> pl.Series:
    """The language of each text, from its script and its words: one row a word, `row` and `word` in lower case."""
    found = words.join(_STOPS, on="word").group_by("row", "language").agg(pl.len().alias("hits"))
    best = (
        found.sort("hits", descending=True)
        .group_by("row", maintain_order=True)
        .agg(
            pl.col("language").first(),
            pl.col("hits").first(),
            (pl.col("hits") == pl.col("hits").first()).sum().alias("tied"),
        )
        .join(words.group_by("row").agg(pl.len().alias("all")), on="row")
    )
    clear = (
        (pl.col("tied") == 1) & (pl.col("hits") >= FEWEST_HITS) & (pl.col("hits") >= SMALLEST_SHARE * pl.col("all"))
    )
    by_words = best.filter(clear).select("row", "language")
    rows = pl.DataFrame({"row": pl.arange(len(script), eager=True, dtype=pl.UInt32), "script": script})
    told = pl.col("script").replace_strict(ONE_LANGUAGE, default=None, return_dtype=pl.String)
    by_script = pl.coalesce(told, pl.col("language"), pl.lit(UNKNOWN))
    named = pl.when(pl.col("script").is_null()).then(None).otherwise(by_script)
    joined = rows.join(by_words, on="row", how="left", maintain_order="left")
    return joined.select(named.alias("language"))["language"]


_STOPS = pl.DataFrame(
    [(word, language) for language, held in STOP_WORDS.items() for word in dict.fromkeys(LETTERS.findall(held))],
    schema={"word": pl.String, "language": pl.String},
    orient="row",
)
