"""Words that a reader sees in tables and figures, in Japanese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hokkaido_gis.render.scene import Lang

MARKS: dict[str, dict[Lang, str]] = {
    "positive": {"ja": "○ positive", "en": "positive"},
    "negative": {"ja": "× negative", "en": "negative"},
    "neutral": {"ja": "該当せず", "en": "neutral"},
    "unknown": {"ja": "評価対象外", "en": "not evaluated"},
}

# Heading of every column of the tables, Japanese and English.
HEADINGS: dict[str, tuple[str, str]] = {
    "code": ("市町村コード", "Code"),
    "name": ("市町村名", "Municipality"),
    "subprefecture": ("振興局", "Subprefecture"),
    "rank": ("順位", "Rank"),
    "number": ("番号", "No."),
    "kind": ("分類", "Kind"),
    "company": ("事業社名", "Company"),
    "address": ("所在地", "Address"),
    "text": ("原文", "Text as it survives"),
    "note": ("備考", "Note"),
    "criterion": ("評価軸", "Criterion"),
    "title": ("評価指標", "Title"),
    "indicator": ("指標の列", "Column"),
    "op": ("比較", "Test"),
    "threshold": ("閾値", "Threshold"),
    "unit": ("単位", "Unit"),
    "effect": ("評価", "Effect"),
    "knock_out": ("ノックアウト", "Knock-out"),
    "positives": ("positive の数", "Positives"),
    "negatives": ("negative の数", "Negatives"),
    "knocked_out_by": ("除外の理由", "Knocked out by"),
    "candidate": ("有望立地", "Candidate"),
    "output_with_neighbours_kw": ("隣接市町村込み出力 (kW)", "Output with neighbours (kW)"),
    "competing_plants": ("燃料競合施設数", "Competing plants"),
    "distance_from_sapporo_km": (
        "札幌市役所からの直線距離 (km)",
        "Straight line from Sapporo City Hall (km)",
    ),
    "printed_distance_rank": ("報告書の順位 (道路距離)", "Rank in the report (by road)"),
    "fuel_factories": ("燃料製造工場数", "Fuel factories"),
    "neighbours": ("隣接市町村", "Neighbours"),
    "count": ("隣接市町村数", "Number of neighbours"),
    "not_in_report": ("報告書の表にない隣接市町村", "Neighbours that the report's table misses"),
    "heat_low": ("有効利用可能熱量 下限 (GJ/年)", "Usable heat, least (GJ/yr)"),
    "heat_high": ("有効利用可能熱量 上限 (GJ/年)", "Usable heat, most (GJ/yr)"),
    "heat_near_low": ("隣接込み熱量 下限 (GJ/年)", "Heat with neighbours, least (GJ/yr)"),
    "heat_near_high": ("隣接込み熱量 上限 (GJ/年)", "Heat with neighbours, most (GJ/yr)"),
    "output_low": ("出力ポテンシャル 下限 (kW)", "Output, least (kW)"),
    "output_high": ("出力ポテンシャル 上限 (kW)", "Output, most (kW)"),
    "output_near_low": ("隣接込み出力 下限 (kW)", "Output with neighbours, least (kW)"),
    "output_near_high": ("隣接込み出力 上限 (kW)", "Output with neighbours, most (kW)"),
    "available_low": ("賦存量 下限 (DW-t/年)", "Arising, least (dry t/yr)"),
    "available_high": ("賦存量 上限 (DW-t/年)", "Arising, most (dry t/yr)"),
    "area_low": ("民有林面積 下限 (ha)", "Private forest, least (ha)"),
    "area_high": ("民有林面積 上限 (ha)", "Private forest, most (ha)"),
    "stock_low": ("蓄積 下限 (千m3)", "Stock, least (1,000 m3)"),
    "stock_high": ("蓄積 上限 (千m3)", "Stock, most (1,000 m3)"),
    "stock_per_ha_low": ("1ha当たり蓄積 下限 (m3/ha)", "Stock per hectare, least (m3/ha)"),
    "stock_per_ha_high": ("1ha当たり蓄積 上限 (m3/ha)", "Stock per hectare, most (m3/ha)"),
    "road_m": ("林道延長 (m)", "Forest roads (m)"),
    "density_low": ("林道密度 下限 (m/ha)", "Road density, least (m/ha)"),
    "density_high": ("林道密度 上限 (m/ha)", "Road density, most (m/ha)"),
    "year": ("事業年度", "Year"),
    "income": ("収入 (百万円)", "Income (million yen)"),
    "running": ("運転支出 (百万円)", "Running expenses (million yen)"),
    "depreciation": ("減価償却費 (百万円)", "Depreciation (million yen)"),
    "interest": ("支払い金利 (百万円)", "Interest (million yen)"),
    "property_tax": ("租税公課 (百万円)", "Property tax (million yen)"),
    "profit_before_tax": ("税引前利益 (百万円)", "Profit before tax (million yen)"),
    "corporate_tax": ("法人税等 (百万円)", "Corporate tax (million yen)"),
    "profit_after_tax": ("税引後利益 (百万円)", "Profit after tax (million yen)"),
    "cash_flow": ("年間キャッシュフロー (百万円)", "Cash flow (million yen)"),
    "cumulative": ("キャッシュフロー累計 (百万円)", "Cumulative (million yen)"),
    "recovery_percent": ("回収率 (%)", "Recovery (%)"),
}


def say(lang: Lang, japanese: str, english: str) -> str:
    """Choose the words of a language."""
    return japanese if lang == "ja" else english


def heading(column: str, lang: Lang) -> str:
    """Heading of a column; one that is not listed stands as it is."""
    return say(lang, *HEADINGS.get(column, (column, column)))
