"""What words in table labels mean in this field: data for roles.py and labels.py, no rules.

Folded: lower case, punctuation other than @ as blanks. A word stands here because of what it means in evaluation
tables at large, never because one card uses it.
"""

# ruff: noqa: SIM905, E501, RUF001 - words as running text are read and extended more easily than as quoted lists

import re

MODEL = frozenset(
    "model models modell modelle modelo modelos modèle modèles modello modelli модель модели "
    "llm llms system systems method methods approach algorithm backbone network checkpoint checkpoints name names".split()
)
"""Heads of a column that names models. Some of these head a column only alone: see MODEL_ALONE."""
PRETRAINED = frozenset({"pretrained", "trained"})
"""`Base pre-trained model` is the evaluated model itself."""
MODEL_ALONE = frozenset({"name", "names", "system", "systems", "method", "methods", "approach", "algorithm", "network"})
MODEL_SUBSTRINGS = ("模型", "モデル", "모델")
OTHER_MODEL = frozenset(
    {"base", "teacher", "student", "draft", "judge", "reward", "parent", "init", "source", "original"}
)
"""`Base model`: the column names a model the row is made from, so its rows are not that model's scores."""

BENCHMARK = frozenset(
    "benchmark benchmarks bench dataset datasets task tasks testset testsets evaluation evaluations eval evals exam exams tested evaluated "
    "corpus corpora suite test".split()
)
BENCHMARK_SUBSTRINGS = (
    "数据集",
    "データセット",
    "데이터셋",
    "基准",
    "任务",
    "评测",
    "ベンチマーク",
    "タスク",
    "벤치마크",
    "태스크",
)
METRIC_COLUMN = frozenset({"metric", "metrics", "measure", "measures", "指标", "評価指標", "지표", "metrik", "métrica"})
CATEGORY = frozenset(
    "category categories capability capabilities domain domains area areas section type types group dimension ability "
    "skill skills field aspect 能力维度 类别 分类 能力 能力次元 领域 カテゴリ 분류".split()
)
SUBSET = frozenset(
    "language languages lang langs split subset subsets locale variety scale class set sets label entity tag filter "
    "subject subjects topic 语言 言語 언어 langue idioma sprache".split()
)
SCORE = frozenset("score scores value values result results performance 得分 分数 结果 スコア 점수 結果".split())
STDERR = frozenset(
    {"stderr", "std", "stdev", "sd", "se", "ci", "std dev", "std err", "std error", "standard deviation"}
)
STDERR_ENDS = ("stderr", "std err", "std dev", "standard deviation", "standard error", "confidence interval")
VERSION = frozenset({"version", "versions", "ver", "rev", "revision", "版本"})

AVERAGE = frozenset(
    {
        "average",
        "avg",
        "mean",
        "macroavg",
        "aver",
        "averaged",
        "overall",
        "平均",
        "平均值",
        "平均分",
        "均分",
        "平均点",
        "평균",
        "均值",
        "moyenne",
    }
)
AVERAGE_FELLOWS = frozenset(
    "score scores task tasks type types overall macro micro total all the of accuracy acc f1 em wer cer bleu rouge map "
    "performance perf result results n shot 0 5 1".split()
)
"""Words that may stand beside an average without making it a benchmark of its own: `Mean (Task)`, `Average WER`."""
REPORT_AVERAGES = frozenset({"micro avg", "macro avg", "weighted avg", "samples avg"})
"""Row labels of a scikit-learn classification report."""

METRICS = frozenset(
    "acc accuracy accuracies em exactmatch f1 f2 fscore fmeasure f1score bleu sacrebleu spbleu gleu chrf ter comet "
    "bleurt meteor rouge rouge1 rouge2 rougel rougelsum cider spice bertscore moverscore wer cer mer der eer hter phonemeerrorrate "
    "map ap ap50 ap75 miou iou dice auc auroc rocauc auprc prauc mrr ndcg recall precision hit hits hitrate pass maj "
    "cons mcc matthews pearson spearman kendall spearmanr pearsonr cosine r2 mse rmse mae mape smape wape mase crps ppl "
    "perplexity bpb bpc nll fid kid fvd clipscore inceptionscore psnr ssim lpips elo rating winrate score scores "
    "correct correctness err percentile uas las clas mos dnsmos utmos pesq stoi sisdr sdr sdri top1 top5 sensitivity "
    "specificity kappa brier ece strict resolved successrate errorrate fpr tpr fnr mc1 mc2 gmean multiplechoicegrade "
    "absrel rmsd lddt wql sfid pq mindcf precisión exactitud doğruluk dokładność akurasi точность полнота précision macc oacc accnorm accnone 準確率 正確率 字错误率 准确率 正确率 得分 精确率 召回率 正解率 精度 정확도 genauigkeit exactitude precisión exactitud".split()
)
METRIC_PHRASES = {
    "exact match": "exactmatch", "complete match": "exactmatch", "full match": "exactmatch", "exact str match": "exactmatch", "win rate": "winrate", "f score": "fscore",
    "f measure": "fmeasure", "f1 score": "f1score", "f 1": "f1", "roc auc": "rocauc", "pr auc": "prauc",
    "top 1": "top1", "top 5": "top5", "top@1": "top1", "rouge 1": "rouge1", "rouge 2": "rouge2", "rouge l": "rougel",
    "rouge lsum": "rougelsum", "inception score": "inceptionscore", "clip score": "clipscore", "hit rate": "hitrate",
    "success rate": "successrate", "error rate": "errorrate", "si sdr": "sisdr", "acc norm": "accnorm",
    "multiple choice grade": "multiplechoicegrade", "matthews correlation": "matthews", "spearman correlation": "spearman",
    "pearson correlation": "pearson", "bits per byte": "bpb", "mean absolute error": "mae", "root mean squared error": "rmse", "mean squared error": "mse",
    "mean average precision": "map", "bits per character": "bpc", "chr f": "chrf", "s err": "err", "diarization error rate": "der", "word error rate": "wer",
    "character error rate": "cer", "phoneme error rate": "phonemeerrorrate", "equal error rate": "eer", "r 1": "rouge1", "r 2": "rouge2", "r l": "rougel",
}  # fmt: skip
METRIC_QUALIFIERS = frozenset(
    "test dev val validation eval predict mid best overall macro micro weighted avg average mean median max min box mask strict loose "
    "prompt inst instruction level cot zero few shot flexible extract none match exact corr correlation coefficient norm "
    "rate the of and or in top final public private short long form clean other raw normalized balanced lc relaxed".split()
)
"""Words that may surround a metric's name without naming a benchmark: `Best Test Score`, `box mAP`."""
LOWER_IS_BETTER_MARKS = "↓⬇▼▽"
HIGHER_IS_BETTER_MARKS = "↑⬆▲△"

PAIR_METRICS = frozenset({"r1", "r2", "rl", "p", "s", "r", "f"})
PAIR_SUBSETS = frozenset({"m", "mm", "middle", "high", "match", "mismatch", "matched", "mismatched"})
"""Abbreviations that name a part of a compound cell only inside a joint header: `R1/R2/RL`, `P/S`, `MNLI-m/mm`."""

BENCHMARK_ACRONYMS = frozenset({"SEED", "DROP"})
"""Benchmarks that are spelled, in capitals, like a word for something else."""
KNOWN_BENCHMARKS = frozenset(
    "mmlu mmlupro mmluredux mmmlu cmmlu ceval gsm8k gsm8kcot math math500 humaneval humanevalplus mbpp mbppplus hellaswag "
    "arc arcc arce arcchallenge arceasy truthfulqa truthfulqamc2 winogrande boolq piqa siqa openbookqa obqa commonsenseqa "
    "csqa triviaqa naturalquestions nq squad squad11 squad20 squadv2 race racem raceh drop bbh bigbenchhard agieval gpqa "
    "gpqadiamond ifeval mtbench alpacaeval arenahard livecodebench swebench aime aime24 aime25 aime2024 aime2025 mgsm xnli "
    "lambada wikitext wikitext2 wikitext103 ptb c4 glue superglue cola sst2 mrpc qqp stsb mnli qnli rte wnli mmmu mmbench "
    "mathvista chartqa docvqa textvqa vqav2 gqa ai2d ocrbench pope vizwiz seedbench scienceqa mmvet nocaps coco flickr30k "
    "imagenet imagenet1k imagenet22k cifar10 cifar100 ade20k librispeech commonvoice fleurs voxpopuli tedlium gigaspeech "
    "ami mteb cmteb beir msmarco trec scifact hotpotqa fiqa nfcorpus conll2003 conll03 ontonotes xtreme flores flores200 "
    "wmt wmt14 wmt19 cnndm cnndailymail xsum samsum bigbench ruler longbench narrativeqa qasper needle bfcl taubench "
    "simpleqa toxigen bbq winogender crowspairs copa wic wsc multirc record anli sciq logiqa prost gaokao".split()
)
"""Widely used names, as evidence of which axis holds benchmarks; unknown names are judged by the other labels."""

RATINGS = ("elo", "rating", "bench", "评分", "mme", "レーティング")
"""Scores that are whole numbers by their nature."""
COUNTABLE = frozenset(
    "frames frame views view stage hrs depth channels blocks anchors seq curvature margin clips crops beams folds shards".split()
)
"""Whole numbers beside measured ones under these are how a model was run, though a benchmark has the same name."""
COUNTED = frozenset({"correct", "incorrect", "right", "wrong", "correct answers", "wrong answers", "right answers"})
"""Whole numbers under one of these, beside shares, are how many answers it were."""
COUNTED_ALONE = frozenset({"language", "languages", "langs", "语言", "言語"})
"""Numbers right under one of these count them; the word also heads columns of names."""
NOT_A_SCORE_HEADS = {
    "a parameter count": "params mparams mparam param parameters parameter parametre parametrów paramètres parámetros parâmetros parametri параметры",
    "a size": "size sizes ukuran boyut rozmiar taille tamaño tamanho größe dimensione размер footprint storage disk",
    "an amount of compute": "madds gmadds gmac madd flops flop gflops tflops mflops macs gmacs mmacs macts gmacts acts multadds activations",
    "a speed or time": "slowdown wps tensorrt onnx openvino coreml ncnn tflite speed speedup latency throughput fps qps rps rtf rtfx time times duration runtime hours hour "
    "seconds second minutes days vitesse velocidad durée dauer hız prędkość tốc geschwindigkeit velocità скорость ttft tpot itl tps время tiempo temps latence latenz latencia latência latenza duración duração durata",
    "memory": "memory mem ram vram mémoire memoria speicher память",
    "a length or resolution": "length lengths len resolution resolutions reso shape window ctx patch résolution résolutions auflösung resolución risoluzione resolução",
    "a price": "price prices cost costs usd pricing cents costo coste стоимость kosten coût coûts custo koszt",
    "a date": "date dates year released cutoff",
    "a count of data": "tokens token samples sample examples instances sentences utterances documents images files rows "
    "tuples speakers records entries positives negatives mentions episodes trials support count counts vocab vocabulary classes articles docs inferences codebooks modalities turns runs stars "
    "количество número anzahl",
    "a hyper-parameter": "ep eps nfe cfg guidance codebook codebooks bitrate maxlen bsz layers layer heads head dim dims dimension dimensions epoch epochs step steps iterations "
    "iters iteration seed seeds temperature temp decay dropout optimizer scheduler schedule warmup bits bit experts threshold thresh breakpoint stride confidence hyperparameter hyperparameters ratio proportion embeddings lenpen weight weights smoothing épocas "
    "bs factor multiplier",
    "hardware or energy": "gpu gpus tpu tpus cpu cpus hardware device devices consumption emissions emitted energy co2 co2eq watts kwh "
    "tco2eq",
    "a property of the model": "sparsity density retained",
    "a training loss": "loss losses",
    "a difference between scores": "variation delta δ diff difference gain gains improvement recovery degradation change "
    "gap retention retained drop improv improvement boost increase uplift lift reduction",
    "a link or note": "link links url urls license download downloads likes",
}
"""A label whose head noun is one of these measures something else than quality."""
NOT_A_SCORE_ALONE = {
    "a count of data": "snt wrd utt utts sents lines characters frequency quantity n num number support train training timeouts retries failures tp fp tn fn pairs questions queries labels words percentage share "
    "percent data",
    "a rank": "# no место posición",
    "a confidence bound": "lower upper iqr range uncertainty",
    "an amount of outcomes": "win wins ties tie draws draw losses lose loses",
    "a size": "bpw peak compression volume",
    "a significance test": "p",
    "a parameter count": "active activated act trainable",
    "a hyper-parameter": "β γ α λ ε τ onset offset index id l h a d r k rate lr setting settings alpha beta gamma lambda epsilon eps theta tau",
    "hardware or energy": "power",
    "a date": "release age",
    "an amount of compute": "overhead budget complexity npu",
    "a speed or time": "inference encode decode load convergence",
    "a link or note": "paper",
    "a part of another score": "bp corr sub del ins",
    "a length or resolution": "context res img crop pct",
    "an amount of votes": "votes battles games appearances stars",
}
"""Words that mean this only when they are the whole label."""
ROW_PROPERTIES = frozenset("scale type group variant level fold run trial config configuration".split())
"""Heads of a column of numbers that say which of several equal rows this is."""
NOT_A_SCORE_PHRASES = {
    "a length or resolution": "context length|context window|context size|max context|max position embeddings",
    "a hyper-parameter": "mlm probability|masking probability|lr schd|beam size|sample rate|guidance scale|learning rate|crop pct|crop percentage|batch size|weight decay|label smoothing|drop path|grad clip|dropout rate|masking rate|hidden dim|d model|n heads|"
    "n layers|d ff|d head|n ctx|group size|top p|top k",
    "a significance test": "p value|p values|t stat|t statistic|z score|effect size",
    "a property of the tokenizer": "compress rate|compression rate|compression ratio|fertility|vocab size",
    "a speed or time": "temps d inférence|tiempo de inferencia|tempo de inferência|tempo di inferenza|wall clock|slow down|cold start|gpu h|gpu hours|per second|per sec|real time factor|frame rate|sampling rate",
    "memory": "memory usage|mem usage|memory footprint",
    "hardware or energy": "carbon|gpu memory|power consumption",
    "a count of data": "training data|trained on|tool calls|api calls|tokens used",
    "a confidence bound": "lower bound|upper bound",
}
NOT_A_SCORE_SUBSTRINGS = {
    "a parameter count": "参数 параметр パラメータ 파라미터 매개변수",
    "memory": "显存 内存 占用 メモリ 메모리",
    "a speed or time": "часов минут секунд 速度 延迟 耗时 时间 时长 时延 時間 帧率 吞吐 延时 延迟时间 加速比 用时 латентност задержк 속도 시간 время",
    "a size": "大小 压缩比 压缩率 サイズ 圧縮率 크기 압축률",
    "an amount of compute": "计算量 計算量 연산량",
    "a length or resolution": "长度 分辨率 尺寸 上下文 長さ 길이 解像度 해상도 разрешени",
    "a spread of scores": "标准差 方差 標準偏差 표준편차 standardabweichung écart desviación",
    "a hyper-parameter": "温度 阈值 エポック 温度 閾値 에폭 온도 임계값 эпох температур порог epochen époques lernrate schwelle seuil umbral 层数 维度 次元 차원 размерност 学习率 批次 轮数 步数 迭代 策略 学習率 層数 학습률",
    "a count of data": "训练数据 训练集 файл записей примеров предложений 데이터양 数量 数据量 帧数 学習データ 样本 词表 占比 比例 比率 句数 种数 割合 件数 語彙数",
    "a rank": "排名 順位 순위",
    "a price": "价格 单价 成本 価格 コスト 가격 비용",
    "a date": "日期 发布 年份 日付 날짜",
    "hardware or energy": "硬件 显卡 功耗 消費電力 전력",
    "a difference between scores": "差异 差值 差距 差分 기준선 相比 提升 增益 下降 差分 차이",
    "a link or note": "下载 ダウンロード 다운로드 链接",
}
UNITS = frozenset(
    "gb mb kb gib mib tb ms s sec secs second seconds min mins minutes h hr hrs hours hour days w kw kwh usd $ € fps hz khz "
    "px gflops tflops mflops flops gmacs macs kbps bps mbps gpu·h tco2eq kg million millions billion billions bits bytes 秒 小时 tok/s".split()
)
"""A label with one of these in parentheses is a quantity: `Size (GB)`, `Latency (ms)`."""
MAGNITUDES = frozenset({"M", "B", "G", "K", "T", "k"})
HYPER_TABLE = frozenset(
    "hyperparameter hyperparameters parameter parameters param params argument arguments setting settings config "
    "configuration hparam hparams structure architecture attribute property feature features specification spec specs item key option 参数 超参数 配置 设置 属性 パラメータ ハイパーパラメータ 설정".split()
)
"""A first column under one of these lists what a model or a run is made of, not how well it does."""
LEADERBOARD = ("leaderboard", "лидерборд", "排行榜", "榜单", "ランキング", "리더보드", "rangliste")
"""A heading with one of these is believed, whatever else its table holds beside the scores."""
NOT_ABOUT_SCORES = frozenset(
    "throughput latency speed memory vram footprint hyperparameter hyperparameters hyper-parameters parameters carbon "
    "emissions pricing fps architecture corpora statistics".split()
)
"""A heading with one of these is believed where nothing in the table names a benchmark or a metric."""
NOT_ABOUT_SCORES_PHRASES = (
    "training data",
    "training examples",
    "training set",
    "training corpus",
    "corpus size",
    "data split",
)
CONDITIONS = frozenset(
    "k topk beam length lengths context resolution shots level levels class dim dims n distance depth points snr".split()
)
"""Numbers under one of these are where a model was measured; under `Seed` or `Bits` every row is another model."""
STATES = re.compile(
    r"pre ?trained|fine ?tuned|finetuned|(?:before|after|without) .*|w ?/ ?o .*|ours"
    r"|(?:our|full|base|baseline|original|teacher|student|distilled|quanti[sz]ed|pruned|merged|ensemble)(?: model)?"
)
"""Row labels that are states of a model: each row is another one."""
RUNTIME_NAMES = frozenset("pytorch torch onnx tflite tensorrt openvino coreml ncnn triton ggml gguf".split())
RUNTIMES = frozenset(
    "backend backends framework frameworks runtime runtimes engine engines device devices 后端 框架".split()
)
"""A first column under one of these lists what models run on: its numbers are times or memory."""
TRAINING_LOG = frozenset({"epoch", "epochs", "step", "steps", "iteration", "iterations"})
VARIANTS = frozenset(
    "base sft dpo rlhf ppo instruct chat lora qlora rtn gptq awq gguf smoothquant hqq aqlm original finetuned full bit".split()
)
"""Where these are all that an axis says, its labels are variants of one model."""
MODEL_SIZES = frozenset("nano tiny mini small base medium large xlarge xxlarge xl xxl huge giant".split())
OTHERS = frozenset(
    "reference reported paper published official original previous prior sota baseline baselines random human humans "
    "teacher prev orig chance ref claimed literature humain humano umano mensch человек бейзлайн 基线 人类 ベースライン 人間 베이스라인 사람".split()
)
"""Said of a whole column, or in parentheses, these name somebody else as the one who scored."""
SPLITS = frozenset("dev test val valid validation eval clean other".split())
PRECISIONS = frozenset(
    "fp32 fp16 bf16 fp8 fp4 int8 int4 int2 nf4 8bit 4bit 8bits 4bits 2bit 3bit 16bit bfloat16 float16 float32 half full "
    "q4 q5 q8 w4a16 w8a8 w8a16 fp16/bf16 bf16/fp16 mxfp4 nvfp4".split()
)
