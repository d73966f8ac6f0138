import type { CstNode as ChevrotainNode, IOrAlt, IParserErrorMessageProvider, IToken, ParserMethod, Rule as GrammarRule } from "chevrotain";
import { installGrammar, type Analysed, type PreparedGrammar } from "./prepared-grammar.ts";
import * as t from "./tokens.ts";
import { TreeParser } from "./tree-parser.ts";

type Rule = ParserMethod<[], ChevrotainNode>;
/** The ways of a choice; the often read rules make theirs once, not each time they are read. */
type Alternatives = IOrAlt<unknown>[];

/** Every message is worded from the tokens around the place (`wording.ts`), so none is built here. */
const noMessages: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: () => "",
  buildNotAllInputParsedMessage: () => "",
  buildNoViableAltMessage: () => "",
  buildEarlyExitMessage: () => "",
};

/**
 * The grammar: 32 rules, named as in `grammar/resnet.ebnf`, strong LL(2) (a test computes it). It makes a concrete
 * tree; `to-ast.ts` turns that into the syntax tree.
 */
export class ResnetParser extends TreeParser {
  /** @param options `validate` has Chevrotain check the grammar; with `prepared` nothing needs to be found out about it. */
  constructor(options: { readonly validate: boolean; readonly prepared?: PreparedGrammar | undefined }) {
    super([...t.tokenTypes], {
      maxLookahead: 2,
      recoveryEnabled: true,
      skipValidations: !options.validate,
      errorMessageProvider: noMessages,
    });
    if (options.prepared) installGrammar(this as unknown as Analysed, options.prepared);
    else this.performSelfAnalysis();
    this.isPrepared = options.prepared !== undefined;
  }

  private isPrepared = false;
  private analysed: ResnetParser | undefined;

  /** The rules as data: recovery looks into them. A prepared parser takes them from a parser that was not. */
  override getGAstProductions(): Record<string, GrammarRule> {
    if (!this.isPrepared) return super.getGAstProductions();
    this.analysed ??= new ResnetParser({ validate: false });
    return this.analysed.getGAstProductions();
  }

  /** Runs a rule over tokens: what it has read, and what could not be read. */
  read(rule: "File" | "Expr", tokens: IToken[]): ReturnType<TreeParser["readTree"]> {
    return this.readTree(rule, () => this[rule](), tokens);
  }

  readonly File: Rule = this.RULE("File", () => {
    this.MANY(() =>
      this.OR([
        { ALT: () => this.SUBRULE(this.Use) },
        { ALT: () => this.SUBRULE(this.Let) },
        { ALT: () => this.SUBRULE(this.Decl) },
      ]),
    );
  });

  readonly Use: Rule = this.RULE("Use", () => {
    this.CONSUME(t.Use);
    this.OR([{ ALT: () => this.SUBRULE(this.Path) }, { ALT: () => this.CONSUME(t.StringToken) }]);
    this.CONSUME(t.LeftBrace);
    this.SUBRULE(this.Import);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.Import);
    });
    this.OPTION(() => this.CONSUME2(t.Comma));
    this.CONSUME(t.RightBrace);
  });

  readonly Import: Rule = this.RULE("Import", () => {
    this.CONSUME(t.Identifier);
    this.OPTION(() => {
      this.CONSUME(t.As);
      this.CONSUME2(t.Identifier);
    });
  });

  readonly Decl: Rule = this.RULE("Decl", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Network) },
      { ALT: () => this.CONSUME(t.Block) },
      { ALT: () => this.CONSUME(t.Recipe) },
    ]);
    this.CONSUME(t.Identifier);
    this.OPTION(() => this.SUBRULE(this.Params));
    this.OR2([
      {
        ALT: () => {
          this.CONSUME(t.Equals);
          this.SUBRULE(this.Expr);
          this.OPTION2(() => this.SUBRULE(this.Body));
        },
      },
      { ALT: () => this.SUBRULE2(this.Body) },
    ]);
  });

  readonly Params: Rule = this.RULE("Params", () => {
    this.CONSUME(t.LeftParen);
    this.OPTION(() => {
      this.SUBRULE(this.Param);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.Param);
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RightParen);
  });

  readonly Param: Rule = this.RULE("Param", () => {
    this.CONSUME(t.Identifier);
    this.CONSUME(t.Colon);
    this.SUBRULE(this.Type);
    this.OPTION(() => {
      this.CONSUME(t.Equals);
      this.SUBRULE(this.Expr);
    });
  });

  readonly Type: Rule = this.RULE("Type", () => {
    this.OR([{ ALT: () => this.CONSUME(t.Identifier) }, { ALT: () => this.CONSUME(t.Block) }]);
    this.OPTION(() => this.SUBRULE(this.List));
  });

  // One repetition with its end in the same rule: only so does recovery go on with the next item.
  readonly Body: Rule = this.RULE("Body", () => {
    this.CONSUME(t.LeftBrace);
    this.OPTION(() => this.CONSUME(t.Bar));
    this.MANY_SEP({ SEP: t.Separator, DEF: () => this.SUBRULE(this.Item) });
    this.CONSUME(t.RightBrace);
  });

  private readonly items: Alternatives = [
    { ALT: () => this.SUBRULE(this.Let) },
    { ALT: () => this.SUBRULE(this.Input) },
    { ALT: () => this.SUBRULE(this.Output) },
    { ALT: () => this.SUBRULE(this.Shortcuts) },
    { ALT: () => this.SUBRULE(this.Require) },
    { ALT: () => this.SUBRULE(this.Expect) },
    { ALT: () => this.SUBRULE(this.Chain) },
  ];
  readonly Item: Rule = this.RULE("Item", () => this.OR(this.items));

  readonly Let: Rule = this.RULE("Let", () => {
    this.CONSUME(t.Let);
    this.CONSUME(t.Identifier);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.Expr);
  });

  readonly Input: Rule = this.RULE("Input", () => {
    this.CONSUME(t.Input);
    this.CONSUME(t.Identifier);
    this.CONSUME(t.Colon);
    this.SUBRULE(this.Type);
  });

  readonly Output: Rule = this.RULE("Output", () => {
    this.CONSUME(t.Output);
    this.CONSUME(t.Identifier);
    this.OPTION(() => {
      this.CONSUME(t.Equals);
      this.SUBRULE(this.Path);
    });
  });

  readonly Shortcuts: Rule = this.RULE("Shortcuts", () => {
    this.CONSUME(t.Shortcuts);
    this.SUBRULE(this.Expr);
  });

  readonly Require: Rule = this.RULE("Require", () => {
    this.CONSUME(t.Require);
    this.SUBRULE(this.Expr);
    this.OPTION(() => {
      this.CONSUME(t.Comma);
      this.CONSUME(t.StringToken);
    });
  });

  readonly Expect: Rule = this.RULE("Expect", () => {
    this.CONSUME(t.Expect);
    this.SUBRULE(this.Path);
    this.SUBRULE(this.RelOp);
    this.SUBRULE(this.Expr);
  });

  readonly Chain: Rule = this.RULE("Chain", () => {
    this.SUBRULE(this.Element);
    this.MANY(() => {
      this.CONSUME(t.Arrow);
      this.SUBRULE2(this.Element);
    });
  });

  private readonly elements: Alternatives = [
    { ALT: () => this.SUBRULE(this.If) },
    { ALT: () => this.SUBRULE(this.For) },
    { ALT: () => this.SUBRULE(this.From) },
    { ALT: () => this.SUBRULE(this.Body) },
    { ALT: () => this.SUBRULE(this.Layer) },
  ];
  readonly Element: Rule = this.RULE("Element", () => {
    this.OPTION(() => {
      this.CONSUME(t.Identifier);
      this.CONSUME(t.Colon);
    });
    this.OR(this.elements);
  });

  readonly If: Rule = this.RULE("If", () => {
    this.CONSUME(t.If);
    this.SUBRULE(this.Expr);
    this.SUBRULE(this.Body);
    this.OPTION(() => {
      this.CONSUME(t.Else);
      this.OR([{ ALT: () => this.SUBRULE(this.If) }, { ALT: () => this.SUBRULE2(this.Body) }]);
    });
  });

  readonly For: Rule = this.RULE("For", () => {
    this.CONSUME(t.For);
    this.CONSUME(t.Identifier);
    this.CONSUME(t.In);
    this.SUBRULE(this.Expr);
    this.SUBRULE(this.Body);
  });

  readonly From: Rule = this.RULE("From", () => {
    this.CONSUME(t.From);
    this.OR([{ ALT: () => this.CONSUME(t.In) }, { ALT: () => this.SUBRULE(this.Path) }]);
  });

  readonly Layer: Rule = this.RULE("Layer", () => {
    this.SUBRULE(this.Expr);
    this.OPTION(() =>
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Times);
            this.SUBRULE(this.Element);
          },
        },
        { ALT: () => this.SUBRULE(this.Body) },
      ]),
    );
  });

  readonly Expr: Rule = this.RULE("Expr", () => {
    if (this.readAtom()) return;
    this.SUBRULE(this.Condition);
    this.OPTION(() => {
      this.CONSUME(t.If);
      this.SUBRULE2(this.Condition);
      this.CONSUME(t.Else);
      this.SUBRULE(this.Expr);
    });
  });

  // One rule for `and` and `or`, and one for the five operators of arithmetic: a rule for every level of them would be read
  // through for each value. The tree has the levels (`tree-parser.ts`).
  readonly Condition: Rule = this.RULE("Condition", () => {
    this.SUBRULE(this.Comparison);
    this.MANY(() => {
      this.CONSUME(t.LogicalOperator);
      this.SUBRULE2(this.Comparison);
    });
  });

  private readonly comparisons: Alternatives = [
    {
      ALT: () => {
        this.CONSUME(t.Not);
        this.SUBRULE(this.Comparison);
      },
    },
    {
      ALT: () => {
        this.SUBRULE(this.Sum);
        this.OPTION(() => {
          this.SUBRULE(this.RelOp);
          this.SUBRULE2(this.Sum);
        });
      },
    },
  ];
  readonly Comparison: Rule = this.RULE("Comparison", () => this.OR(this.comparisons));

  readonly RelOp: Rule = this.RULE("RelOp", () => {
    this.CONSUME(t.Relation);
  });

  readonly Sum: Rule = this.RULE("Sum", () => {
    this.SUBRULE(this.Operand);
    this.MANY(() => {
      this.CONSUME(t.ArithmeticOperator);
      this.SUBRULE2(this.Operand);
    });
  });

  private readonly operands: Alternatives = [
    {
      ALT: () => {
        this.CONSUME(t.Minus);
        this.SUBRULE(this.Operand);
      },
    },
    {
      ALT: () => {
        this.OR2(this.values);
        this.MANY(this.suffix);
      },
    },
  ];
  private readonly values: Alternatives = [
    { ALT: () => this.CONSUME(t.Atom) },
    { ALT: () => this.SUBRULE(this.Group) },
    { ALT: () => this.SUBRULE(this.List) },
  ];
  private readonly suffixes: Alternatives = [
    { ALT: () => this.SUBRULE(this.Args) },
    {
      ALT: () => {
        this.CONSUME(t.LeftSquare);
        this.SUBRULE(this.Expr);
        this.CONSUME(t.RightSquare);
      },
    },
    {
      ALT: () => {
        this.CONSUME(t.Dot);
        this.CONSUME(t.Word);
      },
    },
  ];
  private readonly suffix = (): unknown => this.OR3(this.suffixes);
  readonly Operand: Rule = this.RULE("Operand", () => this.OR(this.operands));

  readonly Group: Rule = this.RULE("Group", () => {
    this.CONSUME(t.LeftParen);
    this.SUBRULE(this.Expr);
    this.CONSUME(t.RightParen);
  });

  readonly Args: Rule = this.RULE("Args", () => {
    this.CONSUME(t.LeftParen);
    this.OPTION(() => {
      this.SUBRULE(this.Arg);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.Arg);
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RightParen);
  });

  readonly Arg: Rule = this.RULE("Arg", () => {
    this.OPTION(() => {
      this.CONSUME(t.Identifier);
      this.CONSUME(t.Equals);
    });
    this.SUBRULE(this.Expr);
  });

  readonly List: Rule = this.RULE("List", () => {
    this.CONSUME(t.LeftSquare);
    this.OPTION(() => {
      this.SUBRULE(this.Expr);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.Expr);
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RightSquare);
  });

  readonly Path: Rule = this.RULE("Path", () => {
    this.CONSUME(t.Identifier);
    this.MANY(() => {
      this.CONSUME(t.Dot);
      this.OR([{ ALT: () => this.CONSUME(t.Word) }, { ALT: () => this.CONSUME(t.NumberToken) }]);
    });
  });
}
