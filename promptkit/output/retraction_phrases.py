"""What takes a value back beside which it stands: phrases, one a line; see `phrasing` for how they are written."""

PARTS = {
    "SOMEBODY": "(?:(?:(?:the|my|an?|our) )?(?:boss|client|colleague|customer|friend|teacher)s?"
    "|(?:another|(?:(?:the|my|an?|our) )?(?:old|previous|legacy|other|baseline|naive))"
    " (?:bot|classifier|llm|model|parser|run|system|tool|version)s?)",
    "SAYING": "(?:answered|claimed|gave|predicted|produced|proposed|returned|said|suggested|suggests|wrote)",
    "NONE": "(?! ?(?:aucune|keine|nenhuma|nessuna|ninguna|none|не|无|無|没有|不需要|なし|없음))",
    "STOP": "(?: ?[.!])?\\s*(?:\\Z|\\n)",
    "EARLIER": "(?:earlier|first|last|previous)",
    "CORRECTED": "(?:actual|correct|corrected|real|right|true)",
    "IT": "(?:THIS|(?:the|my|this|that|these) (?:above |given |last |previous )?(?:ANSWERs?|data|object)"
    "(?: above| given)?)",
    "BE": "(?:is|was|are|were) (?:(?!only )\\w+ly )?(?:(?:all|also|still) )?",
    "CANNOT": "i (?:cannot|could not)",
    "WRONG": "(?:wrong|incorrect|inaccurate|invalid|not (?:(?:quite|really) )?(?:right|correct|valid)"
    "|not (?:my|the) (?:(?:correct|final|right) )?ANSWER)\\b",
    "AWRY": "(?:bad|fake|incorrect|invalid|mock|obsolete|outdated|rejected|wrong|dummy|placeholder)",
    "ANSWER": "(?:answer|json|output|response|result|value)",
    "EXAMPLE": "(?:example|beispiel|exemple|ejemplo|esempio)",
    "UNREAL": "(?:dummy|fake|fabricated|fictional|fictitious|hypothetical|invented|made[- ]up|placeholder|sample)s?\\b",
    "UNTRUE": "(?:dummy|fake|hypothetical|invented|made[- ]up|placeholder)",
    "OWN": "(?! (?:of|(?:data|values?) (?:of|from)))",
    "ONLY": "(?:(?:all|just|merely|only|an?) ){0,2}",
    "START": "\\A\\W{0,4}",
    "COLON": "(?= ?[:\uff1a])",
    "DATA": "(?:any|the|this|your) (?:data|information|request|task|text)",
    "SOURCE": "(?:document|file|input|text)",
    "NEGATED": "[^.\\n]{0,60}\\b(?:any|no|not|without)\\b[^.\\n]{0,60}",
    "GIVEN": "(?:attached|given|provided|supplied)",
    "ENDS": "\\s*(?:[.!,;)\\]]|\\Z|(?=\\n))",
    "NOTED": "(?:(?:please )?note ?(?:that\\b|:)? ?|disclaimer ?: ?)?",
    "THIS": "(?:that|this|it|the above)",
}
"""What stands in several phrases."""


AS_THOUGHT = r"""
    \A\W{0,6}(?:reasoning|thoughts?|thinking)\W{0,4}(?<=:)\W{0,4}(?:maybe|perhaps)?
"""
BEFORE = r"""
    \b(?:is|was|are|were|am|can|could|may|might|must|should|will|would|\w+ly) not(?: \w+ly)?(?: be| been| have been)?
    \b(?:is|was) not (?:my|the) (?:(?:correct|final|right) )?ANSWER
    \b(?:cannot|never)(?: be)?
    \b(?:instead of|rather than|unlike|but not)
    (?:\A|[.!?]\s+)not
    \b(?:nicht|niet|inte|ikke|no es|n[aã]o é|non è|n'est pas|не)
    不是

    \b(?:this|that|it) (?:is|was) (?:wrong|incorrect)
    das ist falsch
    START(?:the )?(?:wrong|incorrect)(?: ANSWER)?(?: (?:is|would be)\b|COLON)
    \bit would be (?:an error|a mistake|incorrect|wrong) to (?:answer|give|output|reply|return|say|write)
    \b(?:no one|nobody|none) (?:should|would) (?:answer|give|output|reply|return|say|write)
    \b(?:many|most people|some(?: people)?) (?:might|would) (?:answer|give|reply|return|say|write)
    \bi (?:decline|refuse) to (?:answer|confirm|give|output|return|say)
    \bi (?:cannot|could not) (?:confirm|say|verify)(?: that)? (?:it is|this is|the ANSWER is)
    \bi (?:could|may|might) (?:answer|give|output|return|say|write)
    SOMEBODY SAYING
    \b(?:file|database|table|cache|record) already (?:contains|has|holds|says)
    \bif there (?:was|were|is)\b[^.\n]{1,60},? (?:it|the ANSWER|the output) would be
    \bassuming\b[^.\n]{1,60},? (?:it|the ANSWER|the output) would be
    (?:START|[.!?,] )(?:if|suppose|assuming)
    \bhere (?:is|are) (?:an? |some )?UNTRUE(?: \w+){0,2}(?=\s*:|\s*\Z)
    CANNOT only (?:give|offer|provide|show)(?: you)? an? (?:EXAMPLE|sample|template)
    \bi can only (?:give|offer|provide|show)(?: you)? an? (?:EXAMPLE|sample|template)
    \ban? typical ANSWER (?:is|looks like|would be)(?: this)?
    \b(?:could|may|might) look like this
    \bthe format is(?=\s*:|\s*\Z)
    START(?:the |an? )?(?:previously )?AWRY (?:ANSWER|EXAMPLE)(?: is\b|COLON)
    START(?:dummy|fake|mock|placeholder)COLON
    STARTthe following is (?:incorrect|wrong)
    STARTnot this
    START(?:draft|EXAMPLE|version)(?: \d{1,3})? ?\([^()\n]{0,30}\bnot\b[^()\n]{0,30}\)COLON
    \b(?:here|this|that|it) is (?:an?|the) AWRY ANSWER(?=[: ]|\Z)
    START(?:the )?(?:previous|earlier|old) ANSWER(?: (?:was|is)\b|COLON)
    \b(?:this|that|it) is (?:an? )?(?:dummy|placeholder|sample)s?\b
    START(?:the )?(?:validator|checker|parser|server) (?:rejected|refused|discarded)
    STARTi (?:almost|nearly|would have) (?:answered|chose|chosen|gave|given|said|written|wrote)
    START(?:first,? )?i (?:considered|discarded|rejected|ruled out|was (?:about|tempted) to (?:answer|say|write))
    START(?:all|anything|everything) (?:but|except|other than)
    STARTother than
    STARTnot (?:my|the) ANSWERCOLON
    \b(?:an?|one) (?:common|frequent|typical) (?:error|mistake) (?:is|would be)
    \b(?:an?|one) (?:bad|false|incorrect|wrong) (?:ANSWER|choice|option|reading) (?:is|would be)
    \ban? naive \w+ would (?:answer|give|output|return|say)
    STARTavoid(?= ?\Z)
    \b(?:ignore|disregard|forget|never ?mind) (?:the )?following
    \b(?:bad|invalid|wrong) input
    \b(?:error|failed|failure) (?:at|for|in|with)

    \b(?:do not|never|i will not) (?:answer|say|use|return|output|give)(?: with)?
    \b(?:cannot|unable to) (?:give|output|produce|provide|return)
    CANNOT (?:answer(?: (?:that|this|it))?|comply|help (?:you )?with (?:that|this))[.!]
    \bi do not know[.!]
    CANNOT [^\n]{0,60}[.!;] (?:an? |for )?(?:typical (?:ANSWER|EXAMPLE)|EXAMPLE)(?: is|COLON)

    START(?:an? |for )?(?:EXAMPLE|e\.g\.|例)(?: ANSWER)?(?:COLON|(?=\s*\Z))
    STARTfor instanceCOLON
    STARTfor EXAMPLE\b[^.:\n]{0,40}\bis
    STARTthe [\w-]{1,20} EXAMPLE was
    STARTthe prompt (?:has|said|says)
    START(?:zum beispiel|z\. ?b\.|par exemple|por ejemplo|per esempio|例如|比如|например|たとえば|例えば)COLON
    \bEXAMPLE (?:of the (?:format|output)|would be|might be)
    START(?:the )?schema EXAMPLE[^.:\n]{0,40}
    STARTthe schema (?:is|looks like)(?: this)?
    START(?:hypothetically,?|templateCOLON)
    \be\.g\.,?
    \btypical (?:answer|response)
    \bsomething like

    \b(?:would|could|might) (?:look like|(?:normally|otherwise|typically|usually) (?:answer|be|output|return|say))
    \bwas going to (?:answer|say|write)
    \bi will (?:answer|reply|respond) (?:like|with something)
    STARTif (?!asked|forced|i ha|pressed)[^.\n]{1,80},? ?(?:then|i would (?:answer|give|output|return|say))
    STARTif\b[^.\n]{1,60}\b(?:were|was|knew)\b[^.\n]{0,40},? ?it would be
    \b(?:suppose|assume|assuming|imagine|pretend)(?: that)? (?:it|(?:the )?ANSWER) (?:is|was|were)
    STARTi (?:previously|initially|originally|first) (?:thought|said|answered|wrote)
    \b(?:expected|required|requested) (?:format|schema|shape) (?:is|looks like)
    \bthe (?:input was|format would be)
    (?:START|\berror: )input was
    \b(?:error|failed)\b[^\n]{0,60}[.!?;] default(?: value)?COLON

    START(?:you|(?:the )?user) (?:gave|wrote|said|sent|provided)(?: me)?
    STARTthe user's (?:\w+ )?(?:input|message|text) (?:is|was)
    STARTyour input(?: was|COLON)
    START(?:(?:the )?user|you) asked (?:me )?to (?:answer|output|reply|return|say)
    \b(?:asks|says|told) (?:me )?to (?:answer|output|reply|return|say)
    <(?:document|draft|example|function_results?|incorrect|input|rejected)>
    <(?:schema|template|tool_(?:response|result)s?|user|user_input|wrong)>
    <\|im_start\|>(?:system|tool|user)
    <\|start_header_id\|>(?:ipython|system|user)<\|end_header_id\|>
    (?:<start_of_turn>|<\|turn>|<\|)user(?:\|>)?
    \[INST\]

    \bshould i (?:answer|give|output|reply|return|say|write)(?: with)?
    STARTif i (?:answer|gave|give|output|return|say|said|write)(?: with)?
    STARTignore (?:this|that)COLON
    \bwould be (?:wrong|incorrect)COLON
    \(not (?:my|the) ANSWER\)
    \bwhat not to (?:answer|do|output|reply|return|say|write)COLON
    STARTexpected (?:format|schema|shape|output format)COLON
    \bhere is an? (?:\w+ )?template (?:for you )?(?:that )?(?:you can|to) fillCOLON
    \bhere is an? (?:\w+ )?template (?:for you )?(?:that )?(?:you can|to) fill inCOLON
    \bno (?:document|file|input|text) (?:was|were) GIVEN[^\n]{0,60}\b(?:UNREAL|EXAMPLE)[^\n]{0,20}COLON
    <!--
"""
"""What takes a value back that stands behind it: it is denied, wrong, refused, an example, a condition, a quote."""
BEHIND = r"""
    actually\b[^.\n]{0,60}\b(?:should|wrong|incorrect|not|must be|instead)\b
    actually,? no\b[^.\n]{0,9}:
    actually,? -?\d+(?:\.\d+)?ENDS
    (?:actually,? |no,? |or rather,? )?make (?:that|it) (?:-?\d|["\x27`])\S{0,20}ENDS
    wait\b[,.!\s-]{1,9}(?:that|this|it|no|i)\b
    (?:my bad|apologies|oops|sorry),? -?\d+(?:\.\d+)?ENDS
    my bad(?:[.,!:]|\s*\Z)
    (?:just|i am) (?:joking|kidding)\b
    or soENDS
    hmm+,? actually\b
    hmm+,? that (?:gives|makes|would be) -?\d
    (?:sorry,? )?i got (?:it|that|the [^.,\n]{1,30}) wrongENDS
    (?:sorry,? )?i made (?:a mistake|an error) (?:in|about|with) (?!(?:my|the) (?:EARLIER|draft))[^.,\n]{1,30}STOP
    there (?:is|are) (?:an? |some )?(?:error|mistake|slip)s? in (?:it|(?:my|the) ANSWER|(?:the )?[^.,\n]{0,30}above)ENDS
    the [^.,\n]{1,30} above is off by\b
    \*-?\d+(?:\.\d+)?ENDS
    s/[^/\n]{1,60}/[^/\n]{1,60}/?\s*\Z
    the CORRECTED (?:answer|json) (?:has|should (?:be|have)|would (?:be|have))\b
    (?:that|this) (?:does|do) not (?:look|seem|sound) (?:quite )?(?:correct|right)ENDS
    (?:that|this) cannot be (?:correct|right)ENDS
    correction (?:is )?(?:needed|required)ENDS
    (?:but|though) i (?:have )?(?:fabricated|invented|made up) (?:it|that|the|these|this)\b
    i (?:have )?(?:fabricated|invented) (?:it|that|the|these|this)\b
    NOTED(?:dummy|example|fictional|made[- ]up|placeholder|sample) (?:data|values?)ENDS
    replace with (?:the|your) (?:actual|correct|own|real)\b
    fill in (?:the|your) (?:actual|own|real)\b
    i will (?:give|provide|send|write)(?: you)? the (?:actual|final|real) ANSWER\b
    (?:my|the) (?:actual|final|real) ANSWER (?:comes|follows|will (?:come|follow))\b
    i still (?:have|need) to (?:check|confirm|verify) (?:it|this|that|(?:my|the) ANSWER)ENDS
    i have not (?:read|seen) (?:any|the|your) SOURCE(?:ENDS|,)
    to be continued(?:\.{1,3})?\s*\Z
    is what (?:you|the user) (?:gave|sent|wrote|said)\b
    (?:this|that|which) is what (?:an?|my|our|the) (?:baseline|earlier|legacy|old|other|previous) [^.\n]{1,20} SAYING
    (?:no|nein)[,.]? (?:wait|warte)(?=\W*(?:\n|\Z|[.!,]))
    (?:no|not(?: really)?) ?[.!]? ?\Z
    (?:never ?mind|hold on|(?:cancel|scratch|strike) that|oops|my mistake|erratum|just kidding)\b
    (?:on second thought|(?:up)?on reflection)\b
    rather ?:
    edit ?:(?! ?(?:format|typo|spell|gramm))
    err,
    (?:sorry,? )?actually,? no ?[.!]? ?(?:\n|\Z)
    correction ?(?::NONE|[\u2013\u2014-])
    apologies, (?:the|it|that|i)\b
    (?:sorry,? )?i meant [\d"\x27{\[-]
    sorry,? i meant\b(?! (?:no|to)\b)
    hmm\b[^.\n]{0,60}\b(?:should be|wrong|instead)\b
    hmm\b[^.\n]{0,60}\bnot (?:look |seem )?(?:correct|right)ENDS
    no, (?:-?\d|(?:it|that|this) (?:is WRONG|should be\b))
    i (?:take|took) (?:(?:it all|it|my ANSWER|that|this) back|back)\b
    i (?:was wrong|made (?:a mistake|an error))ENDS
    i (?:retract|withdraw) IT\b
    i (?:need|have|want) to (?:change|correct|fix|redo) (?:this|that|it|the (?:answer|json|output|value))\b
    (?:(?:sorry|please|so|just),? ){0,2}(?:discard|disregard|do not (?:rely on|use)|forget|ignore)(?: IT)? ?(?:[.!]|\Z)
    (?:(?:sorry|please|so|just),? ){0,2}(?:discard|disregard|forget|ignore) (?:all of |everything )?(?:IT|the above)ENDS
    \(?(?:an? )?(?:EXAMPLE|draft|dummy|obsolete|old|outdated|placeholder)\)
    not final\b
    \(?(?:EXAMPLE|illustration) onlyENDS
    \((?:EXAMPLE|illustration) (?:data|values?)\)
    (?:<-+|\u2190|#|//) ?(?:this|that) is (?:the|an?) EXAMPLE(?: from the prompt| only)?ENDS

    would be (?:an? |the )?(?:WRONGENDS|(?:incorrect|wrong) ANSWER)
    (?:is|was) my (?:first|initial|old|previous) (?:answer|attempt|draft|guess|thought|try|version)\b
    this does not match\b
    (?:but|and|which) (?:i )?(?:rejected|discarded)(?: (?:it|that))?ENDS
    cannot be (?:produced|right|correct)ENDS
    (?:is|was|has been) (?:deleted|discarded|obsolete|outdated|rejected|removed|replaced|superseded|withdrawn)\b

    (?:but )?CANNOT (?:answer|comply|say|tell|decide)(?: (?:that|this|it))? ?(?:[.!]|\Z)
    (?:but )?CANNOT do (?:that|this|it) ?(?:[.!]|\Z)
    (?:but )?CANNOT (?:determine (?:it|that|this)|help (?:you )?with (?:that|this)) ?(?:[.!]|\Z)
    (?:but )?CANNOT provide (?:it|that|this|one|an answer) ?(?:[.!]|\Z)
    (?:but )?i do not know\b
    however,? CANNOT answer\b

    is what (?:i|they|he|she|we) (?:would|might|could) have\b
    is what an? [\w\s]{1,30}\b(?:would|might|could)\s[^.\n]{1,30}\bbut\b
    is what [^.\n]{1,40}\b(?:asks?|told|wants?)\b

    (?:is|was) (?:only |just |merely )?(?:an? )?(?:EXAMPLE|draft|placeholder)ENDS
    (?:is|was) (?:the|my|your) inputENDS
    which contradicts the (?:document|facts|source|text)ENDS
    the above is an? EXAMPLE ?[;,.] ?(?:please )?replace\b
    THIS (?:is|was) (?:only|just) an? EXAMPLE\b
    (?:just|merely|only) an? (?:EXAMPLE|illustration)(?:ENDS| of the (?:form|format|output|schema)\b)
    THIS (?:is|was) an EXAMPLE ?[.!]? ?\)?\Z
    IT (?:is|are) (?:just|merely|only) an? (?:EXAMPLE|illustration)\b
    (?:these|the values) (?:are|were) (?:just|only )?(?:EXAMPLE|test) (?:data|values)\b
    NOTED(?:these|the (?:data|values?)|THIS)(?: \w+){0,2}? (?:is|are) ONLYUNREALOWN
    since no (?:document|text) (?:was|were) GIVEN, (?:it|this) is ONLYUNREALENDS
    [^.\n]{0,80}, so (?:this|it) is ONLYUNREALENDS
    NEGATED, so (?:the|these)(?: data| values?| results?)? (?:is|are) ONLY(?:UNREAL|EXAMPLEs?\b)
    (?:as|because|since) no SOURCE (?:was|were) GIVEN, i (?:have )?(?:invented|made up|used) (?:UNREAL|EXAMPLE)
    i made (?:(?:it|that|these|this) up|up (?:the|these|this))\b
    replace (?:the|these) values\b
    replace (?:\w+ )?with (?:the )?(?:actual|correct|real)\b
    todo\b
    still thinking\b
    (?:this|that) is not (?:my|the) final\b
    the (?:\w+ of the )?final (?:answer|version) will be (?:the same|different|given|provided|sent)\b
"""
"""What takes a value back that stands before it: second thoughts, corrections, refusals, and that it is not real."""
IN_OTHER_LANGUAGES = r"""
    (?:das|es|dies) (?:ist|war) (?:leider )?(?:falsch|nicht (?:korrekt|richtig))ENDS
    (?:das|es|dies) (?:ist|war) nur ein(?:e)? (?:beispiel|muster)\w*ENDS
    das stimmt (?:so )?nichtENDS
    (?:korrektur|berichtigung|correction|correcci[oó]n|corre[cç][aã]o|correzione|исправление|поправка) ?[:\uff1a]NONE
    (?:halt|moment|nein|stopp|entschuldigung), (?:das|die|der|es) \w+ (?:ist|sollte|wäre)\b
    (?:(?:halt|moment|entschuldigung), )?ich habe mich (?:geirrt|verrechnet|vertan)\b
    bitte ignorieren sie (?:die|das|meine) (?:antwort|obige|vorige)
    ceci n'est qu'un exempleENDS|c'est (?:faux|(?:juste|seulement) un exemple)ENDS
    (?:(?:attend(?:s|ez)|pardon|désolé),? )?je me suis tromp
    en fait, (?:il|elle|l'\w+|la \w+|le \w+) [^.,\n]{0,20}\d|veuillez ignorer (?:la réponse|ce qui précède)
    (?:eso|esto) (?:es (?:falso|incorrecto|un error)|no es correcto|es (?:solamente|s[oó]lo) un ejemplo)ENDS
    (?:(?:espera|lo siento|perd[oó]n),? )?me equivoqu|ignor[ae] (?:la respuesta|lo) anterior
    (?:isto|isso) é (?:apenas|só) um exemplo|(?:questo|ciò) è (?:solo|soltanto) un esempio
    это (?:неверно|только пример|всего лишь пример)ENDS
    (?:更正|纠正|修正|勘误|訂正|정정) ?[:\uff1a]NONE
    (?:(?:等等|等一下|抱歉|对不起|不好意思)[,\uff0c、。! ]{0,3})?我(?:弄|搞|写|说|算)错
    (?:不对|不對|错了|錯了)[,\uff0c。!]
    (?:以上|上面|上述)(?:的)?(?:答案|回答|结果|內容|内容|数据)?(?:是错误|有误|有错|不对|不正确|作废|无效|仅为|只是)(?!直译)
    (?:这|以上)?(?:只是|仅为|仅是)(?:一个|个)?(?:示例|例子|举例|假设|范例)
    (?:(?:すみません|失礼(?:しました)?)[、。 ]{0,2})?間違えました
    (?:上記|これ|この(?:答え|回答))[はが](?:誤り|間違い|(?:単なる|ただの)?(?:例|サンプル))です(?!が|か)
    틀렸(?:습니다|어요)|이것은 예시(?:일 뿐)?입니다
"""
"""The same in German, French, Spanish, Portuguese, Italian, Russian, Chinese, Japanese and Korean."""
ON_ITS_LINE = r"""
    if (?:i|it|the|there|we|you) (?:could|had|was|were)\b
    is not (?:my|the) (?:(?:correct|final|right) )?ANSWERENDS
"""
OF_WRONG = r"""
    (?:but )?THIS (?:is|was) WRONG
    (?:sorry,? )?(?:(?:and|but|though|which) )?(?:IT )?BEWRONG(?:ENDS|\s+because\b)
    (?:incorrect|invalid|not (?:quite|correct|right)|wrong) ?[.!]? ?\Z
    [^.\n]{0,3}but (?:that|this|it) (?:is|would be) (?:a mistake|an error)ENDS
"""
"""What calls a value wrong, unless it is itself a verdict that says so of something else."""
OF_NOTHING = r"""
    (?:there was )?no (?:document|file|input|text|transcript) (?:was )?GIVEN(?:ENDS|, so)
    NOTEDi (?:do not have|have no|had no) access to (?:any|the|this|your) (?:SOURCE|page)s? ?(?:[.!;)\]]|\Z|\n)
    please (?:paste|provide|send|share) (?:me )?(?:the|your) actual SOURCE\b
    please (?:paste|provide|send|share) (?:me )?(?:the|your) (?!input\b)SOURCE ?(?:[.!]|\Z|\n)
    please (?:paste|provide|send|share) (?:me )?(?:the|your) \w+ firstENDS
    please (?:paste|provide|send|share) (?:me )?(?:the|your) (?!input\b)SOURCE,? so (?:that )?i can\b
    (?:(?:i apologi[sz]e|sorry|unfortunately),? )?(?:but )?CANNOT (?:complete|fulfil+|process) \w+ (?:request|task)ENDS
"""
"""What says that there was nothing to read the value from, unless it says so itself."""
OF_INABILITY = r"""
    (?:CANNOT|i (?:am unable|am not able) to) (?:complete|do|extract|fulfil+|process) (?:it|that|this|DATA)[.!]
    as an ai(?: language)? model,? CANNOT (?:answer|complete|do|extract|help|know)\b[^.:\n]{0,60}[.!]
"""
"""What says before a value that there can be none, unless it says so itself."""
