"""Data as people have it: tables, texts, series and audio, as data sets for `corelib.utils.data.DataLoader`."""

from corelib.datasets.audio import AudioFolder as AudioFolder, LogMel as LogMel, mel_filters as mel_filters, read_wav as read_wav
from corelib.datasets.padding import pad_batch as pad_batch
from corelib.datasets.series import Windows as Windows, chronological_split as chronological_split
from corelib.datasets.tables import ColumnEncoding as ColumnEncoding, TableDataset as TableDataset, TableEncoding as TableEncoding
from corelib.datasets.texts import TextClassification as TextClassification, TextWindows as TextWindows
from corelib.datasets.tokenizers import BytePairTokenizer as BytePairTokenizer, CharTokenizer as CharTokenizer, Tokenizer as Tokenizer
from corelib.datasets.vocabulary import Vocabulary as Vocabulary

__all__ = [
    "AudioFolder", "BytePairTokenizer", "CharTokenizer", "ColumnEncoding", "LogMel", "TableDataset", "TableEncoding", "TextClassification", "TextWindows",
    "Tokenizer", "Vocabulary", "Windows", "chronological_split", "mel_filters", "pad_batch", "read_wav",
]
