"""Words that steps of a flow are named with, and the kind of node that a noun stands for.

Used by notebook 02 through `pipelines`. Rule: a noun phrase takes the kind of its last word; a phrase that begins with a
verb, and every name that is not known, is a `process`.
"""

from __future__ import annotations

KIND_NOUNS: dict[str, tuple[str, ...]] = {
    "numeric": tuple(
        "data dataset datasets table tables matrix vector vectors embedding embeddings feature features scores metrics "
        "measurements numbers"
        " samples dataframe tensor tensors predictions records rows csv signals statistics readings values array "
        "transactions clicks".split()
    ),
    "str": tuple(
        "text document documents query question answer tokens report email emails message messages prompt logs article "
        "articles transcript"
        " sentences summary reviews chunks passages notes response reply pdfs words json tickets comments contract "
        "tweets corpus file files page pages manuals paragraphs essay letter letters".split()
    ),
    "picture": tuple("image images photo photos picture pictures frames video videos scan scans screenshot screenshots".split()),
    "db": tuple("database databases warehouse store index lake registry archive repository cache db storage bucket".split()),
    "chart": tuple("chart charts plot plots histogram dashboard graph heatmap".split()),
    "model": tuple(
        "model models LLM BERT GPT classifier regressor network transformer detector CNN autoencoder ResNet SVM LSTM "
        "chatbot predictor"
        " forest ensemble".split()
    ),
    "func": tuple("function functions script program module softmax sigmoid".split()),
}
NOUN_KIND: dict[str, str] = {noun: kind for kind, nouns in KIND_NOUNS.items() for noun in nouns}
ADJECTIVES = (
    "raw new old clean dirty final first second small large big fresh hot cold red green blue daily weekly monthly public "
    "private secret local remote main extra missing broken empty full short long quick slow noisy labelled sorted filtered "
    "merged hidden open closed internal external user customer sales training test validation top relevant similar vector "
    "encoded cleaned structured historical live audio medical legal financial annual digital manual automatic final approved "
    "pending spare dry wet warm sharp soft heavy light"
).split()
VERBS = (
    "clean check send load read write store sort filter split merge join train evaluate test deploy monitor collect label "
    "annotate tokenize embed retrieve rank rerank extract transform normalize scale resize crop augment shuffle sample compute "
    "calculate count measure plot draw print export import upload download fetch scrape parse validate verify approve reject "
    "review sign pay refund ship pack deliver receive open close lock unlock start stop restart reset register confirm notify "
    "email call invite book cancel reserve buy sell order return scan weigh wash dry cut chop slice peel mix stir boil fry "
    "bake cook serve taste cool heat freeze pour add remove drain fill empty grind brew fold iron paint sand drill glue nail "
    "screw assemble inspect repair replace install configure compile build run debug commit push pull release backup restore "
    "encrypt decrypt compress hash sign search find pick choose select compare match map group cluster summarize translate "
    "answer ask listen record play edit trim publish post share like comment archive delete update save copy move plant water "
    "feed walk brush examine diagnose treat prescribe schedule assign plan design sketch estimate budget hire interview teach "
    "grade quantize prune finetune tune fit predict score explain log cache index chunk"
).split()
PHRASAL_VERBS = (
    "log in,sign up,check out,log out,pick up,turn on,turn off,fill in,put on,set up,look up,wake up,get up,clean up,warm up,"
    "cool down,write down,hand over,sort out,throw away,plug in,shut down,call back,take out,put away,go to,wait for,look for,"
    "listen to,back up"
).split(",")
AGENTS = (
    "customer user manager doctor nurse teacher student driver system server client bank seller buyer clerk editor author "
    "developer tester reviewer patient admin agent robot team shop guest waiter chef judge lawyer engineer operator passenger "
    "company supplier"
).split()
NOUNS = (
    "data file files report email order payment invoice customer user account password form request ticket package parcel box "
    "item items product price cart receipt refund address phone number code branch commit server client database table row "
    "column image photo video audio text document page book letter contract budget plan task project team meeting calendar "
    "room key door window car bus train ticket passport luggage flight seat hotel bill menu table water tea coffee milk sugar "
    "salt flour dough bread butter egg eggs onion onions garlic rice pasta sauce soup salad meat fish chicken vegetables "
    "potatoes tomatoes cheese cake oven pan pot kettle cup plate knife fork bowl dishes laundry shirt clothes shoes floor "
    "kitchen garden plants seeds soil tree leaves dog cat patient doctor nurse blood sample symptoms dose medicine student "
    "teacher exam homework grade essay lesson question answer quiz score results metrics features labels tokens sentences "
    "words chunks vectors weights model classifier gradients loss batch dataset outliers duplicates errors alerts logs events "
    "queue cluster container image pipeline job worker disk memory network router firewall certificate backup printer paper "
    "ink screen battery sensor motor pump valve tank pipe engine wheel tyre brake oil filter bolt panel frame wood metal glass "
    "paint brush bricks cement wall roof lamp wire cable switch fuse stock shelf warehouse truck driver route map location "
    "weather forecast field crop harvest permit license tax loan credit card bank balance claim policy case evidence witness "
    "verdict vote ballot candidate song melody lyrics guitar ball team goal match referee player tickets stage actor script "
    "scene camera lens light"
).split()
WORK_NOUNS = (
    "tokenizer,retriever,data cleaning,cleaning,preprocessing,feature extraction,feature engineering,training,model training,"
    "evaluation,deployment,monitoring,reranker,ranker,parser,scraper,crawler,embedder,chunking,splitter,normalisation,"
    "normalization,labelling,annotation,data collection,ingestion,validation,data validation,tuning,hyperparameter search,"
    "cross validation,inference,prediction,post processing,postprocessing,serving,feature selection,augmentation,data "
    "augmentation,tokenization,stemming,segmentation,detection,tracking,filtering,sorting,aggregation,logging,testing,unit "
    "tests,integration tests,code review,build,release,packaging,shipping,billing,checkout,login,sign up,registration,approval,"
    "planning,design,review,interview,onboarding,payroll,audit,backup,encryption,compression,scheduler,load balancer,web "
    "server,API gateway,frontend,backend,message queue,worker,loader,router,planner,agent,tool call,guardrail,orchestrator,"
    "scaler,vectorizer,encoder,decoder,sampler,optimizer,trainer,evaluator,quantization,pruning,distillation,fine tuning,"
    "pretraining,alignment,experiment tracking,harvesting,milling,brewing,bottling,roasting,grinding,drying,painting,assembly,"
    "quality control,inspection,delivery,triage,surgery,recovery,discharge,boarding,security check,takeoff,landing,rehearsal,"
    "recording,mixing,mastering,editing,printing,binding,mowing,sowing,watering,weeding"
).split(",")
STATES = (
    "valid correct ready empty full done paid approved known new urgent late available high low good bad ok complete missing "
    "broken safe open closed hot cold green accurate stable converged large small relevant found registered signed clean wet "
    "expired spam positive negative"
).split()
PARTICIPLES = (
    "cleaned tokenized embedded split chunked filtered normalized stored indexed summarized translated sorted merged validated "
    "labelled scaled resized cropped compressed encrypted parsed ranked archived reviewed anonymized deduplicated scored "
    "aggregated shuffled converted"
).split()


def gerund(verb: str) -> str:
    """`cut` -> `cutting`, `bake` -> `baking`."""
    if verb.endswith("e") and not verb.endswith("ee"):
        return verb[:-1] + "ing"
    short = len(verb) <= 4 and verb[-1] in "bdgmnpt" and verb[-2] in "aeiou" and verb[-3:-2] not in tuple("aeiou")
    return verb + (verb[-1] if short and len(verb) > 2 else "") + "ing"


def third_person(verb: str) -> str:
    """`push` -> `pushes`, `fry` -> `fries`."""
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("s", "x", "z", "ch", "sh")) else "s")


# words that are both a verb and a noun or adjective: as a verb they need an article after them ("clean the data")
TWO_FACED = (frozenset(VERBS) & (frozenset(NOUNS) | frozenset(ADJECTIVES) | frozenset(NOUN_KIND))) | {
    "test",
    "train",
    "clean",
    "open",
}
