"""English words that tell what a prompt asks for, by subject."""

_WORDS_OF_SUBJECT = {
    "maths": """
        algebra angle average area axis calculate circle coefficient compute decimal degree derivative determinant
        diagonal digits divided divisible eigenvalue equation equations evaluate exponent factorial finite fraction
        homomorphism inequality infinite integral isomorphic linear logarithm matrix maximum mean median minimum modulo
        multiplied parallel perimeter permutation polynomial prime probability product proof prove quadratic quotient
        radius random ratio rational remainder sequence slope solve subgroup subset sum theorem triangle variable
        variance vector
        """,
    "amounts": """
        altogether bought buys cost costs days double dozen each every fewer half hours left less many miles minutes
        more much paid per percent price quarter remaining rest sells sold spent third times total twice weeks
        """,
    "logic": """
        all argument best both conclusion correct either except fallacy false following if implies incorrect invalid
        least most necessarily neither never none not only premise proposition some statement statements then true
        unless valid
        """,
    "programs": """
        algorithm array binary bug byte bytes class code compile compiler complexity const debug def exception function
        import int integer json loop node null pointer print program python query refactor return runtime select sql
        stack static string struct thread tree void
        """,
    "judgement": """
        according argues author believes claims ethical ethics infer inferred likely moral morally opinion ought passage
        should suggests theory view wrong
        """,
    "instructions": """
        analyse analyze classify compare derive describe design exactly explain how include justify list must rewrite
        step summarize translate using why without write
        """,
    "questions": "called capital define known name term what when where which who",
}
SUBJECTS = tuple(_WORDS_OF_SUBJECT)
SUBJECT_OF_WORD = {
    word.encode(): subject for subject, words in enumerate(_WORDS_OF_SUBJECT.values()) for word in words.split()
}
"""A word, to the place of its subject in `SUBJECTS`."""
